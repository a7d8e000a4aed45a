"""The ledger on pure noise, where every honest score is one half and all else is inflation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from pipelines.experiments.ledger import ledger, ledger_of_table
from pipelines.experiments.noise_images import (
    noise_image_model,
    noise_network,
    write_noise_images,
)


@dataclass(frozen=True)
class NoiseTable:
    """Columns of standard normal noise and labels that know nothing of them.

    Parameters
    ----------
    n_lesions : int, default=200
        Number of lesions.
    n_columns : int, default=2000
        Number of columns.
    n_images : int, default=1
        Images of each lesion. Those of one lesion differ by noise of spread 0.5.
    share : float, default=0.5
        Share of the lesions that are of the rarer class.
    """

    n_lesions: int = 200
    n_columns: int = 2000
    n_images: int = 1
    share: float = 0.5

    def draw(self, random_state: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw a table.

        Parameters
        ----------
        random_state : int
            Seed.

        Returns
        -------
        X : ndarray of shape (n_lesions * n_images, n_columns)
            Noise.
        y : ndarray of str
            "melanoma", the rarer class, or "nevus".
        lesions : ndarray of int
            Lesion of each row.
        """
        rng = np.random.default_rng(random_state)
        lesions = np.repeat(np.arange(self.n_lesions), self.n_images)
        X = rng.normal(size=(self.n_lesions, self.n_columns))[lesions]
        if self.n_images > 1:
            X += 0.5 * rng.normal(size=X.shape)
        y = np.where(lesions < round(self.share * self.n_lesions), "melanoma", "nevus")
        return X, y, lesions


# A sin needs something to sin with: two images a lesion, a rare class.
NOISE: dict[str, NoiseTable] = {
    "images": NoiseTable(n_lesions=100, n_images=2),
    "selection": NoiseTable(),
    "scaling": NoiseTable(),
    "oversampling": NoiseTable(share=0.2),
    "threshold": NoiseTable(),
    "best": NoiseTable(),
}

# The one sin that tables have no room for.
_OF_IMAGES = "network"


def noise_model() -> Pipeline:
    """Build the model of the noise: 20 columns by ANOVA F, logistic regression."""
    return Pipeline(
        [
            ("scale", StandardScaler()),
            ("select", SelectKBest(k=20)),
            ("classify", LogisticRegression(max_iter=1000)),
        ]
    )


def noise_ledger(
    n_draws: int = 20,
    *,
    sins: Sequence[str] = tuple(NOISE),
    tables: Mapping[str, NoiseTable] = NOISE,
    model: Any = None,
    n_tries: int = 10,
    random_state: int = 0,
    progress: Callable[[str], object] | None = None,
) -> pd.DataFrame:
    """Commit each sin on many tables of noise.

    Parameters
    ----------
    n_draws : int, default=20
        Tables drawn for each sin.
    sins : sequence of str, default=those of `NOISE`
        Which sins; "network" too, on images of noise.
    tables : mapping of str to NoiseTable, default=NOISE
        Noise of each sin.
    model : Pipeline, optional
        Steps `scale`, `select`, `classify`; `noise_model` by default.
    n_tries : int, default=10
        Models tried where the best of many is reported.
    random_state : int, default=0
        Seed of the first draw; the others follow.
    progress : callable, optional
        Called with the names of the sins after each draw.

    Returns
    -------
    DataFrame
        One row a sin and draw: `sin`, `title`, `metric`, `draw`, `honest`, `sinful`, `difference`.

    Raises
    ------
    ValueError
        If a sin is unknown.
    """
    unknown = sorted(set(sins) - {*tables, _OF_IMAGES})
    if unknown or not sins:
        raise ValueError(
            f"No noise is known for the sin {', '.join(unknown) or sins!r}; choose from "
            f"{', '.join([*tables, _OF_IMAGES])}."
        )
    model = noise_model() if model is None else model
    draws = range(random_state, random_state + n_draws)
    found = []
    # Sins of one kind of noise share its draws, and the honest run on each.
    for table in dict.fromkeys(tables[name] for name in sins if name in tables):
        alike = [name for name in sins if tables.get(name) == table]
        for draw in draws:
            found.append(_on_table(table, alike, model, n_tries, draw).assign(draw=draw))
            if progress is not None:
                progress(", ".join(alike))
    for draw in draws if _OF_IMAGES in sins else ():
        found.append(_on_images(draw).assign(draw=draw))
        if progress is not None:
            progress(_OF_IMAGES)
    columns = ["sin", "title", "metric", "draw", "honest", "sinful", "difference"]
    return pd.concat(found, ignore_index=True)[columns]


def _on_table(
    table: NoiseTable, sins: Sequence[str], model: Any, n_tries: int, draw: int
) -> pd.DataFrame:
    X, y, lesions = table.draw(draw)
    return ledger_of_table(
        X, y, lesions, model, sins=sins, n_tries=n_tries, n_bootstrap=1, random_state=draw
    ).entries


def _on_images(draw: int) -> pd.DataFrame:
    with TemporaryDirectory() as directory:
        return ledger(
            write_noise_images(directory, random_state=draw),
            noise_image_model(),
            sins=[_OF_IMAGES],
            network=noise_network(draw),
            n_splits=3,
            n_bootstrap=1,
            random_state=draw,
        ).entries
