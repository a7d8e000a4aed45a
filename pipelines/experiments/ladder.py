"""The rungs of the ablation ladder: which model, on which columns, compared with which other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer

from fusion import (
    BlockScaler,
    DiscriminantCorrelation,
    GroupedStacking,
    LateFusion,
    block_members,
    column_blocks,
)
from fusion.selection import SCALE_DEPENDENT, SELECTORS, make_selector
from pipelines.experiments.saved_columns import SavedColumns
from pipelines.pipeline import LesionPipeline
from pipelines.reporting.experiments.ablation_words import in_percent

# Blocks of `default_descriptors` that measure one kind of thing.
FAMILIES = {
    "color": (
        "color_moments",
        "color_histogram",
        "color_quantiles",
        "joint_color_histogram",
        "zonal_color",
        "skin_contrast",
    ),
    "texture": ("glcm", "glcm_a", "glcm_b", "detail_bands", "lbp"),
    "abcd": ("abcd",),
    "hog": ("hog",),
}
EMBEDDING = "embedding"
MAJORITY = "majority"
RIVALS = (
    "random",
    "boltzmann_entropy",
    "boltzmann_gain",
    "boltzmann",
    "boltzmann_mrmr",
    "boltzmann_fcbf",
    "khan2018",
    "variance",
    "anova_f",
    "mutual_information",
    "mrmr",
    "relieff",
    "l1",
    "xgboost_gain",
)
FUSIONS = ("dca", "late_mean", "late_rank", "late_stack")
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)

_N_INNER = 3


@dataclass(frozen=True)
class Step:
    """One rung.

    Attributes
    ----------
    name : str
        Name of the rung.
    reference : str or None
        Rung that it is compared with; None for the first.
    model : classifier of manifests
        Unfitted.
    n_columns : int or None
        Columns that its classifier is given, where that is known before it is fitted; None where
        steps of the model choose or make them, or where it looks at images.
    selector : str or None
        Of `SELECTORS`, where columns are selected.
    share : float or None
        Share of the columns that are kept, where columns are selected.
    """

    name: str
    reference: str | None
    model: Any
    n_columns: int | None = None
    selector: str | None = None
    share: float | None = None


@dataclass(frozen=True)
class Ladder:
    """What all rungs share.

    Attributes
    ----------
    columns : list of str
        Names of the columns of the manifest, ``block__feature``.
    classifier : classifier of tables
        Cloned into each rung.
    random_state : int
        Seed of selectors and of inner folds.
    memory : path-like or None
        Where rankings are kept, so that one serves every share.
    """

    columns: Sequence[str]
    classifier: Any
    random_state: int = 0
    memory: str | Path | None = None

    def families(self) -> dict[str, list[str]]:
        """Blocks by the family that they belong to; one of its own for any other block."""
        present = list(dict.fromkeys(column_blocks(self.columns)))
        found = {
            family: [block for block in blocks if block in present]
            for family, blocks in FAMILIES.items()
        }
        known = {block for blocks in found.values() for block in blocks}
        found |= {block: [block] for block in present if block not in known}
        return {family: blocks for family, blocks in found.items() if blocks}

    def blocks_alone(self) -> list[Step]:
        """Majority, each family by itself, the families of descriptors joined one by one."""
        families = self.families()
        majority = DummyClassifier(strategy="most_frequent")
        steps = [
            Step(MAJORITY, None, self._model(self.columns[:1], [], majority), 0),
            *(self._on(name, MAJORITY, blocks) for name, blocks in families.items()),
        ]
        descriptors = [name for name in families if name != EMBEDDING]
        for last in range(1, len(descriptors)):
            joined = descriptors[: last + 1]
            name = "descriptors" if joined == descriptors else " + ".join(joined)
            blocks = [block for family in joined for block in families[family]]
            steps.append(self._on(name, " + ".join(joined[:-1]), blocks))
        return steps

    def fused(self) -> Step | None:
        """All columns side by side; None where there is no embedding to be joined."""
        families = self.families()
        if EMBEDDING not in families or len(families) < 2:
            return None
        return self._on("fused", EMBEDDING, [b for blocks in families.values() for b in blocks])

    def whole(self) -> str:
        """Name of the rung that has all columns: the last before selections and fusions."""
        fused = self.fused()
        return self.blocks_alone()[-1].name if fused is None else fused.name

    def selected(self, selector: str, share: float) -> Step:
        """All columns, of which a share is kept."""
        if selector not in SELECTORS:
            raise ValueError(f"Unknown selector {selector!r}; choose from {', '.join(SELECTORS)}.")
        if not 0 < share < 1:
            raise ValueError(f"A share of the columns lies between 0 and 1, got {share!r}.")
        memory = None if self.memory is None else str(self.memory)
        chosen = make_selector(selector, share, random_state=self.random_state, memory=memory)
        unscaled = selector in SCALE_DEPENDENT
        steps = _selected_unscaled(chosen) if unscaled else [*_prepared(), ("select", chosen)]
        return Step(
            f"{selector} {in_percent(share)}",
            self.whole(),
            self._model(self.columns, steps, self.classifier),
            selector=selector,
            share=share,
        )

    def fusion(self, name: str) -> Step:
        """All columns by another fusion than side by side."""
        if name not in FUSIONS:
            raise ValueError(f"Unknown fusion {name!r}; choose from {', '.join(FUSIONS)}.")
        steps, classifier = _prepared(), self.classifier
        if name == "dca":
            steps.append(("dca", DiscriminantCorrelation()))
        else:
            classifier = self._late(name)
        model = self._model(self.columns, steps, classifier)
        return Step(name, self.whole(), model, None if name == "dca" else len(self.columns))

    def _late(self, name: str) -> Any:
        families = self.families()
        descriptors = [b for f, blocks in families.items() if f != EMBEDDING for b in blocks]
        seen: Mapping[str, Sequence[str]] = families
        if EMBEDDING in families and descriptors:
            seen = {"descriptors": descriptors, EMBEDDING: families[EMBEDDING]}
        members = block_members(self.classifier, seen)
        inner = {"n_splits": _N_INNER, "random_state": self.random_state}
        if name == "late_stack":
            return GroupedStacking(members, **inner)
        return LateFusion(members, name.removeprefix("late_"), **inner)

    def _on(self, name: str, reference: str, blocks: Sequence[str]) -> Step:
        of_column = column_blocks(self.columns)
        columns = [c for c, block in zip(self.columns, of_column, strict=True) if block in blocks]
        model = self._model(columns, _prepared(), self.classifier)
        return Step(name, reference, model, len(columns))

    def _model(
        self, columns: Sequence[str], steps: list[tuple[str, Any]], classifier: Any
    ) -> LesionPipeline:
        first = ("features", SavedColumns(np.array(columns, dtype=object)))
        model = LesionPipeline([first, *steps, ("classify", clone(classifier))])
        return model.set_output(transform="pandas")


def _prepared() -> list[tuple[str, Any]]:
    # After scaling the mean is 0: not every selector and classifier takes NaN.
    impute = SimpleImputer(strategy="constant", fill_value=0.0, keep_empty_features=True)
    return [("scale", BlockScaler()), ("impute", impute)]


def _selected_unscaled(select: Any) -> list[tuple[str, Any]]:
    """Select before scaling, after which the variance of a column tells the size of its block."""
    impute = SimpleImputer(keep_empty_features=True)
    return [("impute", impute), ("select", select), ("scale", BlockScaler())]
