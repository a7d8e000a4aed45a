"""Batch norms folded into the convolutions before them."""

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold_batch_norms(module: nn.Module) -> None:
    """Fold each batch norm that follows a convolution in a `Sequential` into it, in place.

    Only PyTorch's own engines gain: ONNX Runtime and OpenVINO fold for themselves. torch.fx,
    which would find more pairs, cannot trace EfficientNet-Lite's padding.

    Parameters
    ----------
    module : nn.Module
        In evaluation mode and float32. What is hooked, as a tapped layer is, stays as it is.
    """
    for child in module.children():
        fold_batch_norms(child)
    if not isinstance(module, nn.Sequential):
        return
    for i in range(len(module) - 1):
        first, second = module[i], module[i + 1]
        hooked = first._forward_hooks or second._forward_hooks
        if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d) and not hooked:
            module[i] = fuse_conv_bn_eval(first, second)
            module[i + 1] = nn.Identity()
