"""How a run can be done again: the data, the command, the versions and the machine."""

import os
import platform
import shlex
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from pipelines.data.grouping import grouping

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


def describe_run(manifest: pd.DataFrame) -> dict[str, Any]:
    """Describe data, command and machine.

    Parameters
    ----------
    manifest : DataFrame
        One row an image.

    Returns
    -------
    dict
        JSON values: `dataset`, `partial`, `grouping` (columns by which images are known to belong
        together), `synthetic`, `command`, `versions`, `hardware`.
    """
    sources = manifest["source"].astype(str) if "source" in manifest else pd.Series(dtype=str)
    return {
        "dataset": manifest.attrs.get("dataset"),
        "partial": bool(manifest.attrs.get("partial", False)),
        "grouping": grouping(manifest),
        "synthetic": bool(sources.str.contains("synthetic", case=False).any()),
        "command": command(),
        "versions": versions(),
        "hardware": hardware(),
    }


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
