"""Blocks of columns that the models are made of."""

from features import (
    ABCD,
    GLCM,
    HOG,
    LBP,
    ColorHistogram,
    ColorMoments,
    ColorQuantiles,
    DetailBands,
    ImagePart,
    JointColorHistogram,
    SkinContrast,
    ZonalColor,
)


def default_descriptors() -> list[tuple[str, ImagePart]]:
    """Hand-crafted blocks of the review: ABCD, colour, texture and HOG."""
    return [
        ("abcd", ABCD()),
        ("color_moments", ColorMoments()),
        ("color_histogram", ColorHistogram()),
        ("color_quantiles", ColorQuantiles()),
        ("joint_color_histogram", JointColorHistogram()),
        ("zonal_color", ZonalColor()),
        ("skin_contrast", SkinContrast()),
        ("glcm", GLCM()),
        ("glcm_a", GLCM(channel="a")),
        ("glcm_b", GLCM(channel="b")),
        ("detail_bands", DetailBands()),
        ("lbp", LBP()),
        ("hog", HOG()),
    ]
