"""torchvision, whose networks need none of its compiled operators.

PyPI's torchvision is built for CUDA. Beside a CPU build of torch its extension does not load,
and the import then stops over two operators that only detection uses. Naming them is enough for
the classification networks, which are plain Python.
"""

import torch


def _name_operators() -> torch.library.Library:
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library


try:
    from torchvision import models
except RuntimeError as exc:
    if not str(exc).startswith("operator torchvision::"):
        raise
    # The names last as long as the library object does.
    _library = _name_operators()
    from torchvision import models

efficientnet = models.efficientnet

__all__ = ["efficientnet", "models"]
