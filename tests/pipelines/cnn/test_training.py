"""Resumption, memory and the state of the loop."""

import numpy as np
import pytest
import torch

from pipelines.cnn.network import FrameClassifier
from pipelines.cnn.training import FineTuning


class KilledError(Exception):
    pass


@pytest.fixture
def killed_after(monkeypatch):
    """Kill trainings once this many epochs are written down."""

    def kill(epoch):
        close = FineTuning.close_epoch

        def close_and_die(self):
            close(self)
            if self.epoch_ == epoch:
                raise KilledError

        monkeypatch.setattr(FineTuning, "close_epoch", close_and_die)

    yield kill
    monkeypatch.undo()


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("validation_fraction", [None, 0.25])
def test_killed_and_resumed_ends_with_the_same_bits(
    make, images, labels, tmp_path, killed_after, monkeypatch, validation_fraction
):
    settings = {"validation_fraction": validation_fraction, "max_epochs": 4, "image_size": (24, 32)}
    whole = make(**settings).fit(images, labels)
    killed_after(2)
    with pytest.raises(KilledError):
        make(**settings, checkpoint=tmp_path).fit(images, labels)
    monkeypatch.undo()
    # What a new process would draw from torch's own generator must not matter.
    torch.manual_seed(99)
    resumed = make(**settings, checkpoint=tmp_path).fit(images, labels)
    for key, value in whole.state_.items():
        np.testing.assert_array_equal(resumed.state_[key], value)
    assert [row["train_loss"] for row in resumed.history_] == [
        row["train_loss"] for row in whole.history_
    ]
    assert resumed.best_epoch_ == whole.best_epoch_


def test_an_ended_training_is_not_repeated(make, images, labels, tmp_path, monkeypatch):
    first = make(max_epochs=2, checkpoint=tmp_path).fit(images, labels)
    monkeypatch.setattr(FineTuning, "train_step", None)
    again = make(max_epochs=2, checkpoint=tmp_path).fit(images, labels)
    np.testing.assert_array_equal(first.predict_proba(images), again.predict_proba(images))
    assert again.history_ == first.history_


def test_other_settings_and_images_have_their_own_file(make, images, labels, tmp_path):
    def files(**changes):
        make(max_epochs=1, validation_fraction=None, checkpoint=tmp_path, **changes).fit(
            *data, groups=None
        )
        return len(list(tmp_path.iterdir()))

    data = images[:8], labels[:8]
    assert files() == 1
    assert files(tta="flips", verbose=0) == 1  # a matter of prediction
    assert files(learning_rate=1e-4) == 2
    assert files(random_state=1) == 3
    data = images[8:16], labels[8:16]
    assert files() == 4


def test_a_kill_while_writing_leaves_the_last_file(make, images, labels, tmp_path, monkeypatch):
    settings = {"max_epochs": 2, "validation_fraction": None, "checkpoint": tmp_path}
    save, calls = torch.save, []

    def save_half(state, path):
        calls.append(path)
        if len(calls) == 2:
            path.write_bytes(b"half")
            raise KilledError
        save(state, path)

    monkeypatch.setattr(torch, "save", save_half)
    with pytest.raises(KilledError):
        make(**settings).fit(images, labels)
    monkeypatch.undo()
    assert make(**settings).fit(images, labels).n_iter_ == 2


def test_out_of_memory_halves_the_batch(make, images, labels, monkeypatch):
    seen = []
    forward = FrameClassifier.forward

    def limited(self, frames):
        if self.training:
            seen.append(len(frames))
            if len(frames) > 4:
                raise torch.OutOfMemoryError
        return forward(self, frames)

    monkeypatch.setattr(FrameClassifier, "forward", limited)
    with pytest.warns(RuntimeWarning, match="rows at a time from here on") as told:
        make(max_epochs=1, batch_size=16, validation_fraction=None).fit(images[:16], labels[:16])
    assert seen == [16, 8, 4, 4, 4, 4]
    assert [str(warning.message).split(": ")[1][:1] for warning in told] == ["8", "4"]


def test_out_of_memory_with_few_rows_is_an_error(make, images, labels, monkeypatch):
    def never(self, frames):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(FrameClassifier, "forward", never)
    with (
        pytest.raises(torch.OutOfMemoryError),
        pytest.warns(RuntimeWarning, match="at a time"),
    ):
        make(max_epochs=1).fit(images, labels)


def test_validation_sees_the_average(make, images, labels, groups):
    frozen = make(max_epochs=2, averaging=0.0, learning_rate=1e-2).fit(images, labels, groups)
    average = make(max_epochs=2, averaging=0.99, learning_rate=1e-2).fit(images, labels, groups)
    assert frozen.history_[0]["train_loss"] == average.history_[0]["train_loss"]
    assert frozen.history_[0]["valid_loss"] != average.history_[0]["valid_loss"]


def test_ctrl_c_is_not_swallowed(make, images, labels, monkeypatch):
    def interrupted(self, batch, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(FineTuning, "train_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make().fit(images, labels)
