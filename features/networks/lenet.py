"""LeNet-5, for pictures of stamp size."""

from torch import Tensor, nn

IMAGE_SIZE = 28
MEAN = STD = (0.5, 0.5, 0.5)


class LeNet(nn.Module):
    """LeNet-5 with three channels.

    Two convolutions of 5 x 5 with average pooling and hyperbolic tangents, three linear layers.
    Its maps are pooled to 5 x 5, so that frames larger than 28 pixels fit as well.

    Parameters
    ----------
    num_classes : int, default=1000
        Outputs of the last layer.

    References
    ----------
    LeCun, Bottou, Bengio & Haffner (1998), Gradient-based learning applied to document
    recognition, Proc. IEEE 86(11).
    """

    def __init__(self, num_classes: int = 1000):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 6, 5, padding=2),
            nn.Tanh(),
            nn.AvgPool2d(2),
            nn.Conv2d(6, 16, 5),
            nn.Tanh(),
            nn.AdaptiveAvgPool2d(5),
        )
        self.classifier = nn.Sequential(
            nn.Linear(400, 120),
            nn.Tanh(),
            nn.Linear(120, 84),
            nn.Tanh(),
            nn.Linear(84, num_classes),
        )

    def forward(self, frames: Tensor) -> Tensor:
        """Map (n, 3, height, width), at least 14 pixels a side, to logits."""
        return self.classifier(self.features(frames).flatten(1))
