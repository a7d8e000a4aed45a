"""What exporters cannot write down, in operations that they can."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode


class Exportable(TorchFunctionMode):
    """While this is on, a network of any frame size computes with operations that exporters know.

    Adaptive average pooling whose windows overlap becomes a product with constant matrices.
    Attention takes its slow path, as it does wherever calls are overridden; the fast one is a
    single operation of PyTorch's own. Both give the same numbers up to rounding.

    Examples
    --------
    >>> from torch.nn import functional
    >>> maps = torch.arange(3.0).view(1, 1, 1, 3)
    >>> with Exportable():
    ...     functional.adaptive_avg_pool2d(maps, (1, 2)).flatten()
    tensor([0.5000, 1.5000])
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is functional.adaptive_avg_pool2d:
            return _adaptive_average(*args, **kwargs)
        return func(*args, **kwargs)


def _adaptive_average(input: Tensor, output_size: int | Sequence[int | None]) -> Tensor:
    """Pool as `torch.nn.functional.adaptive_avg_pool2d` does, whose arguments these are."""
    height, width = (int(side) for side in input.shape[-2:])
    wanted = (output_size, output_size) if isinstance(output_size, int) else output_size
    rows, columns = wanted[0] or height, wanted[1] or width
    if height % rows == 0 and width % columns == 0:
        return functional.adaptive_avg_pool2d(input, (rows, columns))
    down, across = _windows(height, rows).to(input), _windows(width, columns).to(input)
    return down @ input @ across.T


def _windows(length: int, n: int) -> Tensor:
    """Matrix of shape (n, length) whose rows average over adaptive pooling's windows."""
    position, window = torch.arange(length), torch.arange(n)[:, None]
    inside = (position >= window * length // n) & (position < -(-(window + 1) * length // n))
    return inside / inside.sum(dim=1, keepdim=True)
