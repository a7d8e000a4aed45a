import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.decomposition import SparseCoder
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_validate
from sklearn.utils import check_random_state

from features import FeatureStore, ImageFeatures, Preparation, SparseCodes, extract, open_store
from features.color_spaces import gray_plane
from features.extraction import request_key
from features.reading.sources import image_sources
from features.texture.patches import Patches, lesion_patches, lesion_pictures
from features.texture.sparse_codes import Dictionary, learn_dictionary, pooled_codes
from pipelines import ArtifactError, LesionPipeline, compare, load_model, save_model
from pipelines.data import group_ids
from pipelines.evaluation import Protocol, make_folds

SMALL = {"n_atoms": 12, "n_patches": 400, "random_state": 0}


@pytest.fixture
def codes():
    return SparseCodes(**SMALL)


def picture(mask, pixels=None, size=64):
    mask = torch.as_tensor(mask)
    if pixels is None:
        rng = np.random.default_rng(0)
        pixels = rng.integers(0, 256, (3, *mask.shape), dtype=np.uint8)
    return lesion_pictures(torch.as_tensor(pixels)[None], mask[None], size)[0].numpy()


def square(side, canvas=96, at=8):
    mask = np.zeros((canvas, canvas), dtype=bool)
    mask[at : at + side, at : at + side] = True
    return mask


# --- pictures


def test_a_small_lesion_keeps_its_own_pixels():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 96, 96), dtype=np.uint8)
    out = picture(square(40), pixels)
    np.testing.assert_array_equal(out[:3, :40, :40], pixels[:, 8:48, 8:48])
    assert out[3].sum() == 40 * 40
    assert not out[:, 40:].any()


def test_a_large_lesion_is_shrunk_by_averages():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 96, 96), dtype=np.uint8)
    out = picture(square(64), pixels, size=32)
    means = pixels[:, 8:72, 8:72].reshape(3, 32, 2, 32, 2).mean(axis=(2, 4))
    assert np.abs(out[:3] - means).max() <= 0.5
    assert (out[3] == 1).all()


@pytest.mark.parametrize("size", [24, 37, 64])
def test_only_the_lesion_is_seen(make_lesion_batch, size):
    batch = make_lesion_batch(0, 1, 2, 3)
    noise = torch.randint(0, 256, batch.pixels.shape, dtype=torch.uint8)
    elsewhere = torch.where(batch.mask[:, None], batch.pixels, noise)
    for a, b in zip(
        lesion_pictures(batch.pixels, batch.mask, size).numpy(),
        lesion_pictures(elsewhere, batch.mask, size).numpy(),
        strict=True,
    ):
        np.testing.assert_array_equal(a[3], b[3])
        assert a[3].any()
        np.testing.assert_array_equal(a[:3] * a[3], b[:3] * b[3])


# --- patches


@pytest.mark.parametrize("color", ["rgb", "gray"])
def test_patches_are_those_of_a_plain_loop(make_lesion_batch, color):
    batch = make_lesion_batch(5)
    shown = lesion_pictures(batch.pixels, batch.mask, 64)[0]
    planes = shown[:3].double() if color == "rgb" else 255 * gray_plane(shown[None, :3]).double()
    expected = []
    for y in range(0, 57, 4):
        for x in range(0, 57, 4):
            if shown[3, y : y + 8, x : x + 8].all():
                patch = planes[:, y : y + 8, x : x + 8].flatten()
                patch = patch - patch.mean()
                expected.append(patch / (patch.square().mean() + 10).sqrt())
    found = lesion_patches(shown.numpy(), 8, 4, color)
    assert found.values.dtype == np.float32
    np.testing.assert_allclose(found.values, torch.stack(expected), rtol=1e-4, atol=1e-5)


def test_zones_are_thirds_by_depth():
    # Patches of one pixel: rings of equal depth hold, from the outside, 44, 36, 28, 20, 12 and 4.
    found = lesion_patches(picture(square(12)), 1, 1)
    side = np.minimum(np.arange(12), np.arange(12)[::-1])
    ring = np.minimum.outer(side, side).ravel()
    assert [set(ring[found.zone == zone].tolist()) for zone in range(3)] == [{3, 4, 5}, {2}, {0, 1}]


def test_a_constant_lesion_has_flat_patches():
    found = lesion_patches(picture(square(30), np.full((3, 96, 96), 77, dtype=np.uint8)), 8, 4)
    assert len(found.values) == 36
    assert not found.values.any()


# --- dictionary


def test_planted_patterns_are_found():
    """Sums of three of sixteen patterns: the dictionary has nearly all of these."""
    rng = np.random.default_rng(0)
    patterns = np.linalg.qr(rng.normal(size=(48, 48)))[0][:16]
    weights = np.zeros((6000, 16))
    for row in weights:
        row[rng.choice(16, 3, replace=False)] = rng.choice([-4, 4], 3)
    patches = (weights @ patterns).astype(np.float32)
    learned = learn_dictionary(patches, 24, 1.0, check_random_state(0))
    atoms = learned.filters / np.linalg.norm(learned.filters, axis=0)
    assert (np.abs(patterns @ atoms).max(axis=1) > 0.95).sum() >= 14
    # The mixtures that learning starts from are no such patterns.
    mixtures = patches / np.linalg.norm(patches, axis=1, keepdims=True)
    assert np.abs(patterns @ mixtures.T).max() < 0.6


def test_codes_are_the_soft_threshold_of_scikit_learn(make_lesion_batch):
    batch = make_lesion_batch(5)
    patches = lesion_patches(lesion_pictures(batch.pixels, batch.mask, 64)[0].numpy(), 8, 4)
    learned = learn_dictionary(patches.values, 6, 1.0, check_random_state(0))
    whitened = patches.values - patches.values.mean(axis=0)
    coder = SparseCoder(
        learned.filters.T, transform_algorithm="threshold", transform_alpha=0.7, split_sign=True
    )
    each = coder.transform(whitened)
    expected = np.zeros((3, 6, 2))
    for zone in range(3):
        expected[zone] = each[patches.zone == zone].mean(axis=0).reshape(2, 6).T
    expected = np.sqrt(expected).ravel()
    expected /= np.linalg.norm(expected)
    np.testing.assert_allclose(pooled_codes(patches, learned, 0.7), expected, atol=1e-4)


def test_known_codes():
    dictionary = Dictionary(np.eye(2, dtype=np.float32), np.zeros(2, dtype=np.float32))
    values = np.array([[5, 0], [-2, 1], [0, -10]], dtype=np.float32)
    out = pooled_codes(Patches(values, np.array([0, 0, 2])), dictionary, 1.0).reshape(3, 2, 2)
    means = np.zeros((3, 2, 2))
    means[0, 0] = 4 / 2, 1 / 2  # core: 5 - 1 of the one patch, 2 - 1 of the other
    means[2, 1] = 0, 9  # rim: 10 - 1, of the opposite sign
    np.testing.assert_allclose(out, np.sqrt(means / 11.5), rtol=1e-6)


# --- the descriptor


def test_a_lesion_without_a_whole_patch_has_zeros(codes, odd_batch, random_batch):
    fitted = codes.learn(codes.describe(random_batch).numpy())
    rows = fitted.encode(codes.describe(odd_batch).numpy())
    assert rows.shape == (len(odd_batch), 72)
    assert np.isfinite(rows).all()
    norms = np.linalg.norm(rows, axis=1)
    assert set(norms.round(5).tolist()) == {0.0, 1.0}
    assert (norms[3:6] == 0).all()  # one pixel, one row, a diagonal line


def test_a_row_does_not_depend_on_its_batch(codes, random_batch):
    shown = codes.describe(random_batch).numpy()
    together = codes.learn(shown).encode(shown)
    alone = np.vstack([codes.encode(one[None]) for one in shown])
    np.testing.assert_array_equal(alone, together)


def test_nothing_to_learn_from(codes, odd_batch):
    thin = codes.describe(odd_batch).numpy()[3:6]
    with pytest.raises(ValueError, match=r"None of the 3 lesions holds a whole patch of 8 x 8"):
        codes.learn(thin)


def test_fewer_patches_than_atoms(codes):
    shown = picture(square(12))[None]
    rows = codes.set_params(n_atoms=30).learn(shown).encode(shown)
    assert np.isfinite(rows).all()
    assert rows.any()


def test_the_number_of_patches_is_bounded(codes, make_lesion_batch):
    shown = codes.describe(make_lesion_batch(*range(6))).numpy()
    for n_patches in (3, 20, 100):
        codes.set_params(n_patches=n_patches)
        drawn = codes._draw_patches(shown, check_random_state(0))
        assert n_patches <= len(drawn) < n_patches + 6


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_atoms": 0}, "`n_atoms` must be an int >= 1, got 0"),
        ({"patch_size": 8.0}, r"`patch_size` must be an int >= 2, got 8\.0"),
        ({"step": 0}, "`step` must be an int >= 1"),
        ({"size": 7}, "`size` must be an int >= 8, got 7"),
        ({"n_patches": -1}, "`n_patches` must be an int >= 1"),
        ({"alpha": 0}, "`alpha` must be a positive number, got 0"),
        ({"color": "lab"}, r"`color` must be one of \('rgb', 'gray'\), got 'lab'"),
    ],
)
def test_bad_parameters(codes, random_batch, changes, message):
    shown = codes.describe(random_batch)
    codes.set_params(**changes)
    with pytest.raises(ValueError, match=message):
        codes.describe(random_batch)
    with pytest.raises(ValueError, match=message):
        codes.learn(shown.numpy())


def test_other_dictionaries_share_the_pictures():
    assert SparseCodes(9, color="gray").fingerprint() == SparseCodes().fingerprint()
    assert SparseCodes(size=32).fingerprint() != SparseCodes().fingerprint()


def textured(n, rng):
    """Disks of stripes and of dots, of the same grey, contrast and share of dark; 0 and 1."""
    y, x = np.mgrid[:64, :64]
    mask = np.hypot(y - 31.5, x - 31.5) < 30
    images, kinds = [], np.arange(n) % 2
    for kind in kinds:
        turn, phase = rng.uniform(0, np.pi), rng.uniform(0, 6, 2)
        u = y * np.cos(turn) + x * np.sin(turn) + phase[0]
        v = x * np.cos(turn) - y * np.sin(turn) + phase[1]
        wave = np.sin(u) if kind == 0 else np.sin(u) * np.sin(v)
        dark = wave > np.quantile(wave[mask], 0.7)
        images.append(np.where(dark, 90, 150) + rng.normal(0, 8, mask.shape))
    pixels = np.repeat(np.clip(images, 0, 255).astype(np.uint8)[:, None], 3, axis=1)
    return torch.from_numpy(pixels), torch.from_numpy(np.stack([mask] * n)), kinds


@pytest.mark.parametrize("color", ["rgb", "gray"])
def test_planted_textures_are_told_apart(codes, make_batch, color):
    pixels, mask, kinds = textured(60, np.random.default_rng(0))
    codes.set_params(color=color, n_atoms=24, n_patches=1500)
    shown = codes.describe(make_batch(pixels, mask)).numpy()
    rows = codes.learn(shown[:30]).encode(shown)
    judge = LogisticRegression(C=100, max_iter=1000).fit(rows[:30], kinds[:30])
    assert judge.score(rows[30:], kinds[30:]) > 0.95


# --- on the fold


@pytest.fixture
def learned_from(monkeypatch):
    """The pictures of every call of `learn`, by bytes."""
    calls = []
    learn = SparseCodes.learn

    def spy(self, pictures):
        calls.append({picture.tobytes() for picture in pictures})
        return learn(self, pictures)

    monkeypatch.setattr(SparseCodes, "learn", spy)
    return calls


def model(store):
    features = ImageFeatures(
        [("sparse", SparseCodes(**SMALL))], preparation=Preparation(size=64), store=store
    )
    return LesionPipeline([("features", features), ("classify", LogisticRegression())])


def pictures_of(lesions):
    asked = {"sparse": (SparseCodes(**SMALL), Preparation(size=64))}
    return [shown.tobytes() for shown in extract(lesions, asked, store=None).values["sparse"]]


def test_each_fold_has_its_own_dictionary_and_each_image_is_decoded_once(
    lesions, decoded, learned_from, tmp_path
):
    groups = group_ids(lesions)
    folds = make_folds(lesions, 3)
    splits = [(np.flatnonzero(folds != k), np.flatnonzero(folds == k)) for k in range(3)]
    result = cross_validate(
        model(tmp_path / "rows.sqlite"),
        lesions,
        lesions["label"],
        cv=splits,
        return_estimator=True,
        error_score="raise",
    )
    assert len(decoded) == len(lesions)
    filters = [
        fitted.image_step.learned_["sparse"].dictionary_.filters for fitted in result["estimator"]
    ]
    assert not np.allclose(filters[0], filters[1])
    assert not np.allclose(filters[1], filters[2])
    shown = pictures_of(lesions)
    for seen, (train, test) in zip(learned_from, splits, strict=True):
        assert not set(groups[train]) & set(groups[test])
        assert seen == {shown[i] for i in train}
        assert not seen & {shown[i] for i in test}


def test_a_comparison_learns_from_training_rows_alone(lesions, decoded, learned_from, tmp_path):
    protocol = Protocol(n_splits=2, inner_splits=0)
    compare({"sparse": model(tmp_path / "rows.sqlite")}, lesions, protocol=protocol, n_bootstrap=5)
    assert len(decoded) == len(lesions)
    shown = pictures_of(lesions)
    train = [split.train for split in protocol.splits(lesions)]
    assert learned_from == [{shown[i] for i in rows} for rows in train]


def test_pictures_stay_out_of_the_file(lesions, tmp_path):
    path, part = tmp_path / "rows.sqlite", SparseCodes(**SMALL)
    view = Preparation(size=64)
    extract(lesions.iloc[:3], {"sparse": (part, view)}, store=path)
    keys = [source.digests()[1] for source in image_sources(lesions.iloc[:3])]
    assert not open_store(path).missing(request_key(part, view), keys)
    assert len(FeatureStore(path).missing(request_key(part, view), keys)) == 3


def test_images_and_labels_of_test_rows_change_nothing(lesions, tmp_path):
    """The same test row, whatever the others of its fold are."""
    train, test = lesions.iloc[:30], lesions.iloc[30:]
    fitted = model(tmp_path / "rows.sqlite").fit(train, train["label"])
    together = fitted.predict_proba(test)
    turned = test.assign(label=test["label"].to_numpy()[::-1])
    np.testing.assert_array_equal(fitted.predict_proba(turned), together)
    np.testing.assert_allclose(fitted.predict_proba(test.iloc[:3]), together[:3], rtol=1e-6)


def test_a_model_file_carries_its_dictionary(lesions, tmp_path, monkeypatch):
    fitted = model(tmp_path / "rows.sqlite").fit(lesions, lesions["label"])
    path = tmp_path / "model.joblib"
    save_model(fitted, path, lesions)
    loaded = load_model(path)
    np.testing.assert_array_equal(loaded.predict_proba(lesions), fitted.predict_proba(lesions))
    monkeypatch.setattr(SparseCodes, "version", 99)
    with pytest.raises(ArtifactError, match="definitions are computed otherwise"):
        load_model(path)


def test_the_dictionary_does_not_move_with_the_rows_described(lesions):
    train, test = lesions.iloc[:20], lesions.iloc[20:32]
    union = model(None).image_step.fit(train)
    before = union.learned_["sparse"].dictionary_
    rows = union.transform(test)
    np.testing.assert_array_equal(union.transform(test[::-1]), rows[::-1])
    assert union.learned_["sparse"].dictionary_ is before
    again = clone(union).fit(train)
    np.testing.assert_array_equal(again.learned_["sparse"].dictionary_.filters, before.filters)
    np.testing.assert_array_equal(again.transform(test), rows)


def test_another_seed_gives_another_dictionary(codes, random_batch):
    shown = codes.describe(random_batch).numpy()
    one, two = (clone(codes).set_params(random_state=seed).learn(shown) for seed in (0, 1))
    assert not np.allclose(one.dictionary_.filters, two.dictionary_.filters)
    same = clone(one).learn(shown)
    np.testing.assert_array_equal(same.dictionary_.filters, one.dictionary_.filters)
