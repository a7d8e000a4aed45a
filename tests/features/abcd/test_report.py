import cv2
import numpy as np
import pytest

from features import ABCD, LesionStyle, Preparation, abcd_report, draw_lesion


@pytest.fixture(scope="module")
def drawing():
    style = LesionStyle(asymmetry=0.15, border_blur=0.005, colors=("light brown", "black"))
    return draw_lesion(style, size=(150, 200), random_state=1)


@pytest.fixture(scope="module")
def report(drawing):
    return abcd_report(*drawing, melanocytic=True, mm_per_pixel=0.1)


def test_numbers_are_those_of_the_block(drawing, report):
    preparation = Preparation(mask="given")
    batch = preparation.collate([preparation.prepare(*drawing, 0.1)])
    row = ABCD().describe(batch)[0].tolist()
    told = [value for measures in report.values.values() for value in measures.values()]
    assert told == row[:-1]
    assert report.tds_proxy == pytest.approx(row[-1])


def test_the_score_weighs_the_letters(report):
    a, b, c, d = (report.scores[letter] for letter in "ABCD")
    assert report.tds_proxy == pytest.approx(1.3 * a + 0.1 * b + 0.5 * c + 0.5 * d)


def test_a_category_needs_a_melanocytic_lesion(drawing, report):
    assert report.category in ("benign", "suspicious", "highly suspicious")
    assert abcd_report(*drawing).category is None


def test_millimetres_need_a_calibration(drawing, report):
    diameter = report.values["diameter"]
    assert diameter["feret_mm"] == pytest.approx(0.1 * diameter["feret_px"])
    assert diameter["over_6_mm"] == (diameter["feret_mm"] > 6)
    assert np.isnan(abcd_report(*drawing).values["diameter"]["over_6_mm"])


def test_pictures(report):
    assert list(report.pictures) == list("ABCD")
    for picture in report.pictures.values():
        assert picture.dtype == np.uint8
        assert picture.shape == (640, 640, 3)
    # The map shows what was named: a lesion of two colours in two colours.
    shown = {tuple(color) for color in report.pictures["C"].reshape(-1, 3)[::7].tolist()}
    assert {(157, 100, 76), (8, 6, 6)} <= shown


def test_an_abrupt_border_is_orange_and_a_fading_one_is_not():
    def orange(blur):
        drawn = draw_lesion(LesionStyle(border_blur=blur), size=(150, 200), random_state=0)
        picture = abcd_report(*drawn).pictures["B"].astype(int)
        return np.count_nonzero((np.abs(picture - (225, 87, 0)) < 4).all(axis=2))

    assert orange(0.005) > 1000
    assert orange(0.1) == 0


def test_sectors_that_are_not_seen_are_not_counted():
    image, mask = draw_lesion(LesionStyle(border_blur=0.005), size=(150, 200), random_state=0)
    columns = np.flatnonzero(mask.any(axis=0))
    middle = (columns[0] + columns[-1]) // 2
    assert abcd_report(image, mask).findings["B"] == "B 8 of 8 sectors end abruptly"
    cut = abcd_report(image[:, middle:].copy(), mask[:, middle:].copy())
    seen = int(cut.findings["B"].split(" of the ")[1].split()[0])
    assert 0 < cut.scores["B"] == seen < 8


def test_what_lies_on_the_rim_shows_in_the_picture_of_colors(drawing):
    image, mask = drawing
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    rimmed = image.copy()
    rimmed[mask & ~inner] = (80, 116, 136)
    shown = abcd_report(rimmed, mask).pictures["C"][:, 200:]  # beside the key
    assert np.count_nonzero((shown == (80, 116, 136)).all(axis=2)) > 500


def test_table_and_figure(report):
    table = report.table()
    assert len(table) == 72
    assert set(table["letter"]) == {"asymmetry", "border", "color", "diameter", "structure"}
    figure = report.figure()
    assert [axes.get_title(loc="left")[0] for axes in figure.axes] == list("ABCD")


@pytest.mark.parametrize(
    ("image", "mask", "options", "message"),
    [
        (np.zeros((9, 9)), np.ones((9, 9), bool), {}, "`image` must be RGB"),
        (np.zeros((9, 9, 3)), np.ones((9, 9), bool), {}, "type uint8, got shape"),
        ("a.jpg", np.ones((9, 9), bool), {}, "got 'str'"),
        (np.zeros((9, 9, 3), np.uint8), np.ones((9, 8), bool), {}, r"bool of shape \(9, 9\)"),
        (np.zeros((9, 9, 3), np.uint8), np.ones((9, 9), np.uint8), {}, "mask > 0"),
        (np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9), bool), {}, "no lesion"),
        (
            *(np.zeros((9, 9, 3), np.uint8), np.ones((9, 9), bool)),
            *({"mm_per_pixel": 0}, "`mm_per_pixel` must be positive"),
        ),
    ],
)
def test_bad_input(image, mask, options, message):
    with pytest.raises(ValueError, match=message):
        abcd_report(image, mask, **options)


def test_the_given_mask_is_the_one_measured(drawing):
    image, mask = drawing
    whole = abcd_report(image, mask, preparation=Preparation(mask="segment"))
    half = mask.copy()
    half[: len(mask) // 2] = False
    assert abcd_report(image, half, preparation=Preparation(mask="segment")).values != whole.values
