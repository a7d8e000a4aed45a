"""Networks ready to run, built once for all who ask for the same."""

from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import NamedTuple
from weakref import WeakValueDictionary

import torch

from features.networks.backbones import Backbone
from features.networks.engines import PRECISIONS, make_runner
from features.networks.folding import fold_batch_norms
from features.networks.tap import Runner, TappedNetwork


class Definition(NamedTuple):
    """What one network's columns mean, whatever computes them."""

    backbone: Backbone
    digest: str
    seed: int | None
    size: int
    layer: str | None
    pooling: str


class Plan(NamedTuple):
    """A network's definition, and what runs it where."""

    network: Definition
    engine: str
    precision: str
    device: torch.device


# Threads that extract share the networks, built by the first.
_BUILDING = Lock()
_IN_USE: WeakValueDictionary[Plan, Runner] = WeakValueDictionary()


class Runners:
    """Runners of the plans asked for last, kept for as long as this is.

    Whoever embeds has its own, so that no number of networks side by side drives one of them out.
    A network that another has already is shared with it.
    """

    def __init__(self) -> None:
        self._held: dict[Plan, Runner] = {}

    def take(self, plans: Sequence[Plan]) -> list[Runner]:
        """Runners of different plans, in order; safe to call from several threads."""
        with _BUILDING:
            self._held = {plan: self._held.get(plan) or _shared(plan) for plan in plans}
            return list(self._held.values())


@lru_cache(maxsize=4)
def _shared(plan: Plan) -> Runner:
    """Take what is in use elsewhere, or build it; the last few outlive the clones of a fold."""
    runner = _IN_USE.get(plan) or _build(plan)
    _IN_USE[plan] = runner
    return runner


def _build(plan: Plan) -> Runner:
    """Build a network and have its engine run it."""
    backbone, _, seed, size, layer, pooling = plan.network
    with torch.random.fork_rng(devices=[]):
        if seed is not None:
            torch.default_generator.manual_seed(seed)
        network = backbone.build()
    tapped = TappedNetwork(network, backbone, layer, pooling).eval()
    if plan.engine in ("eager", "compile"):
        fold_batch_norms(tapped)
    tapped.as_type(PRECISIONS[plan.precision])
    try:
        return make_runner(tapped, plan.engine, size=size, device=plan.device)
    except Exception as exc:
        # No other engine in its place: rows are kept under the name of the one that made them.
        raise RuntimeError(
            f"{backbone.name} could not be handed to {plan.engine} ({exc}). Use engine='eager'."
        ) from exc
