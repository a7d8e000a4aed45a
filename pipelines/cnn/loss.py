"""What training brings down: cross-entropy, weighted, focal or smoothed, with mixed targets."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class ClassificationLoss(nn.Module):
    """Cross-entropy of one label a row, or of shares of several.

    Parameters
    ----------
    weight : Tensor of shape (n_classes,), optional
        Weight of each class; the mean over rows is weighted as well.
    gamma : float, default=0.0
        Focal loss: rows that are right already count by ``(1 - p) ** gamma``. 0 is cross-entropy.
    smoothing : float, default=0.0
        Share of each target that is spread evenly over all classes, in [0, 1).

    References
    ----------
    Lin et al. (2017), Focal loss for dense object detection, ICCV. Szegedy et al. (2016),
    Rethinking the Inception architecture, CVPR (smoothing).
    """

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, gamma: float = 0.0, smoothing: float = 0.0):
        super().__init__()
        self.register_buffer("weight", weight)
        self.gamma = gamma
        self.smoothing = smoothing

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Mean loss of logits (n, n_classes) against labels (n,) or shares (n, n_classes)."""
        log_p = logits.float().log_softmax(dim=1)
        n_classes = logits.shape[1]
        if targets.ndim == 1:
            targets = functional.one_hot(targets, n_classes).to(log_p)
        if self.smoothing:
            targets = targets * (1 - self.smoothing) + self.smoothing / n_classes
        shares = targets if self.weight is None else targets * self.weight
        surprise = -log_p
        if self.gamma:
            surprise = surprise * (1 - log_p.exp()) ** self.gamma
        return (shares * surprise).sum() / shares.sum().clamp_min(torch.finfo(log_p.dtype).tiny)
