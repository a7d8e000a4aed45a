"""One vector out of a network's feature maps."""

from collections.abc import Callable

from torch import Tensor

_SMALLEST = 1e-6
_POWER = 3


def average(maps: Tensor) -> Tensor:
    """Mean of each feature map.

    Parameters
    ----------
    maps : Tensor of shape (n, channels, height, width)
        Feature maps.

    Returns
    -------
    Tensor of shape (n, channels)
        Global average pooling.
    """
    return maps.mean(dim=(2, 3))


def generalized_mean(maps: Tensor) -> Tensor:
    """Cubic mean of each feature map: between its mean and its maximum.

    Parameters
    ----------
    maps : Tensor of shape (n, channels, height, width)
        Feature maps; what is below 1e-6 counts as that.

    Returns
    -------
    Tensor of shape (n, channels)
        ``mean(maps ** 3) ** (1 / 3)``, positive; computed in float32.

    References
    ----------
    Radenović, Tolias & Chum (2019), IEEE TPAMI 41(7), 1655-1668; p = 3 as they start from.

    Examples
    --------
    >>> import torch
    >>> generalized_mean(torch.tensor([[[[0.0, 2.0]]]]))
    tensor([[1.5874]])
    """
    powers = maps.float().clamp(min=_SMALLEST).pow(_POWER)
    return powers.mean(dim=(2, 3)).pow(1 / _POWER).to(maps.dtype)


_POOLINGS: dict[str, Callable[[Tensor], Tensor]] = {"average": average, "gem": generalized_mean}
POOLINGS = (*_POOLINGS, "none")


def pool(values: Tensor, pooling: str) -> Tensor:
    """Make one vector of each image's activations.

    Parameters
    ----------
    values : Tensor of shape (n, channels, height, width) or (n, width)
        Activations of a layer; vectors are left as they are.
    pooling : {"average", "gem", "none"}
        How maps become a vector; "none" takes vectors alone.

    Returns
    -------
    Tensor of shape (n, channels) or (n, width)
        Pooled.

    Raises
    ------
    ValueError
        Maps that are not to be pooled, or activations of another shape.
    """
    if values.ndim == 2:
        return values
    if values.ndim == 4 and pooling in _POOLINGS:
        return _POOLINGS[pooling](values)
    shape = tuple(values.shape[1:])
    if values.ndim == 4:
        raise ValueError(
            f"`pooling` {pooling!r} leaves vectors as they are, but the layer gives maps of shape "
            f"{shape}. Use pooling='average' or 'gem'."
        )
    raise ValueError(
        f"Expected a layer of feature maps (channels, height, width) or vectors, got activations "
        f"of shape {shape}. Name another `layer`."
    )
