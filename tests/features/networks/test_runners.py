import gc
import pickle
from concurrent.futures import ThreadPoolExecutor
from weakref import WeakValueDictionary

import pytest
import torch
from sklearn.base import clone

from features.networks import runners
from features.networks.embedding import CNNEmbedding

NAMES = ("lenet", "alexnet", "squeezenet1_1", "mnasnet0_5", "resnet18", "vgg11")
FRAMES = [torch.zeros(1, 3, 28, 28, dtype=torch.uint8)] * len(NAMES)


@pytest.fixture
def built(monkeypatch):
    """Names of the networks that are built, each in place of a function of no weights."""
    names = []

    def build(plan):
        backbone = plan.network.backbone
        names.append(backbone.name)
        return lambda frames: torch.zeros(len(frames), backbone.width)

    monkeypatch.setattr(runners, "_build", build)
    monkeypatch.setattr(runners, "_IN_USE", WeakValueDictionary())
    runners._shared.cache_clear()
    yield names
    runners._shared.cache_clear()


def several(names=NAMES):
    return CNNEmbedding(names, None, image_size=28, device="cpu", engine="eager", random_state=0)


def test_many_side_by_side_are_built_once(built):
    part = several()
    part.fingerprint()  # which `extract` asks for before it has threads
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: part.describe(FRAMES), range(6)))
    assert sorted(built) == sorted(NAMES)


def test_many_one_by_one_are_built_once(built):
    parts = [several(name) for name in NAMES]
    for _ in range(3):
        for part in parts:
            part.describe(FRAMES[0])
    assert sorted(built) == sorted(NAMES)


def test_clones_share_what_is_in_use_and_carry_nothing(built):
    part = several()
    part.describe(FRAMES)
    clone(part).describe(FRAMES)
    assert len(built) == len(NAMES)
    assert pickle.dumps(part) == pickle.dumps(several())


def test_networks_go_with_who_used_them_but_for_the_last_few(built):
    part = several()
    part.describe(FRAMES)
    assert len(runners._IN_USE) == len(NAMES)
    del part
    gc.collect()
    assert len(runners._IN_USE) == 4


def test_other_settings_let_go_of_the_network_before(built):
    part = several("lenet")
    part.describe(FRAMES[0])
    part.set_params(random_state=1).describe(FRAMES[0])
    assert built == ["lenet", "lenet"]
    assert len(part._runners._held) == 1
