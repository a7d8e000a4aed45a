"""How a run can be done again: the command, the versions and the machine."""

import os
import platform
import shlex
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

PACKAGES = (
    "dermfusion",
    "numpy",
    "pandas",
    "scikit-learn",
    "scikit-image",
    "opencv-python",
    "torch",
    "torchvision",
    "xgboost",
)


def command() -> str:
    """Command line of this process, its program without the folder."""
    program, *arguments = sys.argv
    return shlex.join([Path(program).name or "python", *arguments])


def versions() -> dict[str, str]:
    """Version of Python and of each package that shapes the numbers; absent ones are left out."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def hardware() -> dict[str, str | int]:
    """Operating system, processor, usable cores and, where there is one, the GPU."""
    has_affinity = hasattr(os, "sched_getaffinity")
    found: dict[str, str | int] = {
        "system": platform.platform(terse=True),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1,
    }
    if torch.cuda.is_available():
        found["gpu"] = torch.cuda.get_device_name()
    return found


def _processor() -> str:
    # On Linux the standard library gives only the architecture.
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
