"""LeNet, of which no weights are published."""

from functools import lru_cache
from pathlib import Path

from features.networks.backbone import Backbone, Published, describe_network, measure
from features.networks.lenet import IMAGE_SIZE, MEAN, STD, LeNet


def names() -> list[str]:
    """List the one name."""
    return ["lenet"]


@lru_cache
def describe(name: str) -> Backbone:
    """Build it."""
    return describe_network(name, LeNet, IMAGE_SIZE, MEAN, STD)


def fetch(name: str) -> Path:
    """Refuse: there are none."""
    raise FileNotFoundError(
        "There are no published weights of lenet: use weights=None (in a `CNNClassifier`, "
        "transfer='scratch'), or name a file with `weights`."
    )


def at_hand(name: str) -> bool:
    """Tell that there are none."""
    return False


def published(name: str) -> Published:
    """Count what can be counted; nothing is published."""
    parameters, gflops = measure(describe(name))
    return Published(source="none", licence="none", parameters=parameters, gflops=gflops)


def size(name: str) -> int:
    """Side of the input."""
    return IMAGE_SIZE
