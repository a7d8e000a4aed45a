"""Resumption, memory and the state of the loop."""

import logging

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from pipelines.cnn import Augmentation, CrossFittedLogits, SplitFitEmbedding
from pipelines.cnn.checkpoint import Checkpoint
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


@pytest.mark.usefixtures("one_thread")
def test_resumed_on_other_threads_within_the_stated_tolerance(
    make, images, labels, tmp_path, killed_after, monkeypatch
):
    settings = {"backbone": "lenet", "weights": None, "max_epochs": 4, "image_size": 28}
    whole = make(**settings).fit(images, labels)
    killed_after(2)
    with pytest.raises(KilledError):
        make(**settings, checkpoint=tmp_path).fit(images, labels)
    monkeypatch.undo()
    torch.set_num_threads(2)
    resumed = make(**settings, checkpoint=tmp_path).fit(images, labels)
    for key, value in whole.state_.items():
        np.testing.assert_allclose(resumed.state_[key], value, rtol=0, atol=1e-5)


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


def test_validation_rows_belong_to_the_key(make, images, labels, tmp_path):
    groups = np.arange(len(labels))
    settings = {"max_epochs": 1, "checkpoint": tmp_path, "backbone": "lenet", "weights": None}
    first = make(**settings).fit(images, labels, groups)
    changed = images.copy()
    changed[first.validation_indices_] = 255 - changed[first.validation_indices_]
    again = make(**settings).fit(changed, labels, groups)
    np.testing.assert_array_equal(first.validation_indices_, again.validation_indices_)
    assert len(list(tmp_path.iterdir())) == 2
    assert first.history_[0]["valid_loss"] != again.history_[0]["valid_loss"]


def test_keys_of_runs_without_validation_rows_stay_as_they_were(tmp_path):
    frames = torch.arange(96, dtype=torch.uint8).view(2, 3, 4, 4)
    codes, settings = torch.tensor([0, 1]), {"seed": 7, "max_epochs": 3}
    # As the first version wrote it: finished trainings are still found.
    assert Checkpoint(tmp_path, settings, frames, codes).path.stem == "f424e32bff06160f"
    aside = Checkpoint(tmp_path, settings, frames, codes, validation=(frames, codes))
    assert aside.path.stem != "f424e32bff06160f"


@pytest.mark.parametrize("seed", [None, np.random.RandomState(0)])
def test_a_checkpoint_needs_a_seed(make, images, labels, tmp_path, seed):
    message = "checkpoint` needs an int as `random_state`, got "
    network = make(checkpoint=tmp_path, random_state=seed)
    with pytest.raises(ValueError, match=f"`{message}"):
        network.fit(images, labels)
    # These draw each network's seed from their own.
    network.set_params(random_state=0)
    for outer in (
        CrossFittedLogits(network, random_state=seed),
        SplitFitEmbedding(network, LogisticRegression(), random_state=seed),
    ):
        with pytest.raises(ValueError, match=f"`network__{message}"):
            outer.fit(images, labels)
    assert not list(tmp_path.iterdir())


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


@pytest.fixture
def limited(monkeypatch):
    """Let networks take so many rows at a time; give the numbers of rows that they took."""

    def limit(most, *, training):
        taken = []
        forward = FrameClassifier.forward

        def refuse(self, frames):
            if self.training == training:
                if len(frames) > most:
                    raise torch.OutOfMemoryError
                taken.append(len(frames))
            return forward(self, frames)

        monkeypatch.setattr(FrameClassifier, "forward", refuse)
        return taken

    return limit


@pytest.mark.parametrize(
    ("n", "batch_size", "most", "parts"),
    [
        (25, 16, 8, [8, 8, 5, 4]),
        (17, 17, 8, [6, 6, 5]),
        (17, 16, 8, [8, 8]),  # a last batch of one row is left out
        (7, 7, 3, [3, 2, 2]),
    ],
)
def test_no_part_is_a_single_row(make, images, labels, limited, n, batch_size, most, parts):
    images, labels = np.tile(images, (2, 1, 1, 1))[:n], np.tile(labels, 2)[:n]
    taken = limited(most, training=True)
    # Frames of 32 pixels end in maps of one, of which batch norm cannot take a single row.
    model = make(max_epochs=1, batch_size=batch_size, validation_fraction=None)
    with pytest.warns(RuntimeWarning, match="rows at a time from here on"):
        model.fit(images, labels)
    assert taken == parts


def test_parts_of_a_batch_give_its_gradient(make, images, labels, limited):
    def losses():
        model = make(backbone="lenet", weights=None, max_epochs=2, batch_size=12)
        return [row["train_loss"] for row in model.fit(images, labels).history_]

    whole = losses()
    limited(5, training=True)
    with pytest.warns(RuntimeWarning, match="at a time"):
        np.testing.assert_allclose(losses(), whole, rtol=1e-4)


def test_out_of_memory_while_validating_halves_the_batch(make, images, labels, limited, caplog):
    settings = {"backbone": "lenet", "weights": None, "max_epochs": 2, "engine": "eager"}
    whole = make(**settings).fit(images, labels)
    taken = limited(2, training=False)
    with caplog.at_level(logging.WARNING):
        parts = make(**settings).fit(images, labels)
    assert max(taken) <= 2
    assert "Out of memory: going on with batches of 3 images." in caplog.messages
    np.testing.assert_allclose(
        [row["valid_loss"] for row in parts.history_],
        [row["valid_loss"] for row in whole.history_],
        rtol=1e-5,
    )
    np.testing.assert_allclose(parts.predict_proba(images), whole.predict_proba(images), atol=1e-5)


@pytest.mark.parametrize("validation_fraction", [0.25, None])
def test_bfloat16(make, images, labels, validation_fraction):
    settings = {"backbone": "lenet", "weights": None, "max_epochs": 2}
    settings["validation_fraction"] = validation_fraction
    half, full = (
        make(**settings, precision=precision).fit(images, labels)
        for precision in ("bfloat16", "float32")
    )
    name = "train_loss" if validation_fraction is None else "valid_loss"
    assert half.history_[-1][name] == pytest.approx(full.history_[-1][name], rel=0.05)
    assert half.history_[-1][name] != full.history_[-1][name]


def test_repeated_rows_are_changed_anew(make, images, labels, monkeypatch):
    drawn = []
    change = Augmentation.__call__

    def watch(self, frames, **settings):
        found = change(self, frames, **settings)
        rows, repeats = (settings[key].tolist() for key in ("rows", "repeats"))
        drawn.extend(zip(rows, repeats, found, strict=True))
        return found

    monkeypatch.setattr(Augmentation, "__call__", watch)
    make(
        backbone="lenet", weights=None, max_epochs=1, imbalance="sampling", validation_fraction=None
    ).fit(images, np.where(np.arange(len(labels)) < 2, "rare", "frequent"))
    times = {}
    for row, repeat, frame in drawn:
        assert repeat == len(times.setdefault(row, []))
        times[row].append(frame)
    assert max(len(frames) for frames in times.values()) > 2
    for first, *others in times.values():
        for other in others:
            assert (first - other).abs().mean() > 1


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
