"""The typology angle of the skin around each lesion, as a fact of an image."""

from pathlib import Path

import pandas as pd

from features import ImageFeatures, SkinTypology

COLUMN = "typology_angle"


def with_typology_angle(
    manifest: pd.DataFrame, *, store: str | Path | None = "memory", n_jobs: int | None = None
) -> pd.DataFrame:
    """Add the individual typology angle of the skin around each lesion.

    Parameters
    ----------
    manifest : DataFrame
        One row an image.
    store : {"memory", None} or path-like, default="memory"
        Where the angles are kept.
    n_jobs : int, optional
        Threads that read and prepare.

    Returns
    -------
    DataFrame
        A copy with the column `typology_angle`, in degrees; NaN where it is invalid. A comparison
        shows scores by it inside each source: it measures the camera as much as the skin, and is
        no skin tone (see `features.SkinTypology`).
    """
    measured = ImageFeatures([("skin", SkinTypology())], store=store, n_jobs=n_jobs)
    table = measured.set_output(transform="pandas").fit_transform(manifest)
    angle = table.filter(like="__angle").iloc[:, 0].to_numpy(float)
    described = manifest.assign(**{COLUMN: angle})
    described.attrs = dict(manifest.attrs)
    return described
