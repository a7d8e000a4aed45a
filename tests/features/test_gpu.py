"""A GPU gives the rows of a CPU."""

import numpy as np
import pytest
import torch
from agreement import COUNTED, RELATIVE, relative_difference

from features import Haralick, ImageFeatures, SkinTypology
from pipelines.recipes.blocks import default_descriptors

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")

PARTS = dict(default_descriptors()) | {"haralick": Haralick(), "skin_typology": SkinTypology()}


@pytest.mark.parametrize("source", ["random_batch", "odd_batch", "real_batch"])
@pytest.mark.parametrize("name", PARTS)
def test_a_descriptor_gives_the_same_rows(name, source, request):
    if source == "odd_batch" and name in COUNTED:
        pytest.skip("of a few pixels each counts for much")
    batch = request.getfixturevalue(source)
    with torch.inference_mode():
        expected = PARTS[name].describe(batch).numpy()
        got = PARTS[name].describe(batch.to("cuda"))
    assert got.is_cuda
    assert relative_difference(got.cpu().numpy(), expected) <= COUNTED.get(name, RELATIVE)


def test_rows_from_images_on_several_threads(lesion_image):
    images = np.stack([np.roll(lesion_image, 3 * i, axis=1) for i in range(40)])
    exact = [pair for pair in default_descriptors() if pair[0] not in COUNTED]
    cpu, gpu = (
        ImageFeatures(exact, device=device, store=None, n_jobs=4).fit_transform(images)
        for device in ("cpu", "cuda")
    )
    np.testing.assert_allclose(gpu, cpu, rtol=1e-4, atol=1e-4)
