import numpy as np

from features import ImageFeatures, SkinTypology
from pipelines.skin_color import with_typology_angle


def test_angles_are_those_of_the_descriptor(lesions):
    some = lesions.iloc[:6].reset_index(drop=True)
    some.attrs = {"dataset": "synthetic"}
    found = with_typology_angle(some)
    table = ImageFeatures([("skin", SkinTypology())], store=None).fit_transform(some)
    np.testing.assert_allclose(found["typology_angle"], table[:, 0])
    assert found.attrs == some.attrs
    assert "typology_angle" not in some
