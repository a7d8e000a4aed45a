"""Where networks and descriptors run, and how: the one place that chooses a device."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch


def pick_device(device: str | torch.device = "auto") -> torch.device:
    """Choose the device to run on.

    Parameters
    ----------
    device : str or torch.device, default="auto"
        ``"auto"`` is a CUDA GPU where there is one, else the CPU; anything else is a name that
        torch knows: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``.

    Returns
    -------
    torch.device
        Present on this machine.

    Raises
    ------
    ValueError
        A name that torch does not know, or a GPU that this machine does not have.

    Examples
    --------
    >>> pick_device("cpu")
    device(type='cpu')
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
    except (RuntimeError, TypeError):
        raise ValueError(
            f"Unknown device {device!r}; expected 'auto', 'cpu', 'cuda' or another of torch."
        ) from None
    if chosen.type == "cuda":
        _check_cuda(chosen)
    if chosen.type == "mps" and not torch.backends.mps.is_available():
        raise ValueError("Device 'mps' was asked for, but torch finds none. Use device='cpu'.")
    return chosen


def _check_cuda(device: torch.device) -> None:
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not count:
        raise ValueError(
            f"Device '{device}' was asked for, but torch finds no CUDA GPU. "
            "Use device='auto' or 'cpu', or install a CUDA build of torch."
        )
    if device.index is not None and device.index >= count:
        raise ValueError(
            f"Device '{device}' was asked for, but there are {count} GPUs, numbered from 0."
        )


def exact_arithmetic() -> AbstractContextManager[None]:
    """Have cuDNN compute in full float32, the same way each time, and restore it afterwards.

    TF32 would make the numbers of a GPU differ from those of a CPU in the third digit. The
    setting is that of the whole process: enter it around threads, never inside them.
    """
    return torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    )


@contextmanager
def torch_threads(n: int) -> Iterator[None]:
    """Run torch's CPU operations on `n` threads, and restore their number afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)
