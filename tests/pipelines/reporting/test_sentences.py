import pytest

from pipelines.reporting.sentences import headline, warnings


def set_gap(result, low, value, high):
    result.differences.loc[
        result.differences["unit"] == "lesion",
        ["difference_low", "difference", "difference_high"],
    ] = (low, value, high)


def test_headline_names_the_best_and_the_network(result):
    set_gap(result, 0.010, 0.021, 0.032)
    text = headline(result)
    assert text.startswith("Of 2 models, fusion did best per lesion: macro AUC 0.")
    assert "That is 0.021 (0.010 to 0.032) above the end-to-end network, cnn" in text
    assert "the interval excludes 0" in text


def test_headline_owns_up_to_a_tie(result):
    set_gap(result, -0.004, 0.002, 0.008)
    text = headline(result)
    assert "0.002 (−0.004 to 0.008)" in text
    assert "the interval includes 0, so these data do not tell the two apart" in text


def test_a_network_that_wins_is_set_against_the_runner_up(result):
    set_gap(result, -0.03, -0.02, -0.01)
    result.metrics.loc[result.metrics["model"] == "cnn", "macro_auc"] = 0.99
    text = headline(result)
    assert "cnn did best" in text
    assert "0.020 (0.010 to 0.030) above the runner-up, fusion" in text


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("synthetic", True, "Synthetic data"),
        ("partial", True, "Partial data"),
        ("grouped", False, "Folds are not grouped"),
        ("unreliable_masks", 0.31, "the segmentation was unsure on 31%"),
    ],
)
def test_warnings_tell_what_spoils_trust(result, setting, value, expected):
    assert not any(expected in text for text in warnings(result))
    result.settings[setting] = value
    assert any(expected in text for text in warnings(result))


def test_small_classes_are_named(result):
    assert any(
        "Few lesions: keratosis (22), melanoma (18), nevus (50)." not in w for w in warnings(result)
    )
    assert "Few lesions: keratosis (22), melanoma (18)." in warnings(result)[-1]


def test_nothing_to_warn_of(result):
    result.cohort["lesions"] = 400
    assert warnings(result) == []
