"""One image explained: by columns, by blocks, by the ABCD rule, and by place."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import ABCDReport, Preparation, abcd_report, field_of_view, segment_lesion
from features.reading.sources import image_sources
from fusion import GroupedStacking, LateFusion
from pipelines.explanation.contributions import block_contributions, row_contributions
from pipelines.explanation.drawing import draw_explanation
from pipelines.explanation.gradcam import grad_cam, networks_of
from pipelines.explanation.occlusion import occlusion
from pipelines.intake import image_side
from pipelines.pipeline import LesionPipeline

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Explanation", "explain"]

NOTICE = "A research tool, not a medical device."


@dataclass(frozen=True, eq=False)
class Explanation:
    """What `explain` found.

    Parameters
    ----------
    data : dict
        Numbers and words that JSON takes: `image`, `probabilities` by class, `predicted`,
        `explained` (the class), and as far as there are any `blocks` and `columns` (contributions
        to that class, the largest first), `contributions_of` (the member of a late fusion that
        they are of), `abcd` (scores, findings, measures) and `map` (its method).
    contributions : DataFrame or None
        From `row_contributions`: every column and class.
    abcd : ABCDReport or None
        The ABCD rule, drawn.
    picture : ndarray of shape (height, width, 3), uint8
        RGB: the image, or the frame that the map belongs to.
    map : ndarray of shape (height, width), float32, or None
        Where the picture speaks for the class: at least 0 by Grad-CAM; by occlusion negative
        where it speaks against it.
    """

    data: dict[str, Any]
    contributions: pd.DataFrame | None
    abcd: ABCDReport | None
    picture: NDArray[np.uint8]
    map: NDArray[np.float32] | None

    def figure(self) -> "Figure":
        """Draw all but the ABCD rule, which has a figure of its own (`abcd.figure()`)."""
        return draw_explanation(self.data, self.picture, self.map)

    def save(self, folder: str | Path) -> list[Path]:
        """Write pictures and data.

        Parameters
        ----------
        folder : path-like
            Made where missing.

        Returns
        -------
        list of Path
            `explanation.json` and `explanation.png`; `contributions.csv` and `abcd.png` where
            there are any. Pictures show the image: keep them where it may be.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        written = [folder / "explanation.json", folder / "explanation.png"]
        written[0].write_text(json.dumps(self.data, indent=2, allow_nan=False) + "\n")
        self.figure().savefig(written[1], dpi=120)
        if self.contributions is not None:
            written.append(folder / "contributions.csv")
            self.contributions.to_csv(written[-1], index=False)
        if self.abcd is not None:
            written.append(folder / "abcd.png")
            self.abcd.figure().savefig(written[-1], dpi=120)
        return written


def explain(
    model: Any,
    image: str | Path,
    mask: str | Path | None = None,
    *,
    label: Any = None,
    melanocytic: bool = False,
    occlude: bool = False,
    n_columns: int = 12,
    facts: Mapping[str, Any] | None = None,
) -> Explanation:
    """Explain what a model says of one image.

    Parameters
    ----------
    model : fitted classifier
        Of images: a `LesionPipeline`, a `CNNClassifier`, or one below a decision rule.
    image : path-like
        The image.
    mask : path-like, optional
        Its lesion mask; without one the ABCD rule is applied to our own segmentation.
    label : optional
        Class that is explained; by default the one that the model decides for.
    melanocytic : bool, default=False
        Whether the lesion is known to be melanocytic. Only then does the ABCD rule's total score
        have a category.
    occlude : bool, default=False
        For a model without a fine-tuned network: map by `occlusion`, which takes it 65 images.
    n_columns : int, default=12
        Columns that are listed in `data` and drawn.
    facts : mapping of str to value, optional
        More columns of the manifest, such as age, for models that read any.

    Returns
    -------
    Explanation
        Contributions for models of boosted trees, Grad-CAM for models that look through
        fine-tuned networks (the mean of several), and the ABCD rule for all.

    Raises
    ------
    ImageError
        The image or its mask cannot be read.
    ImportError
        There is a network and captum is not installed.
    ValueError
        The label is no class of the model.

    Notes
    -----
    An explanation tells what moved the model, not what makes the lesion what it is. Columns that
    go together share what they contribute, so read blocks before columns.
    """
    manifest = pd.DataFrame({"image": [str(image)]}).assign(**(facts or {}))
    if mask is not None:
        manifest["mask"] = str(mask)
    known = list(model.classes_)
    if label is not None and label not in known:
        raise ValueError(f"The model does not know the class {label!r}; it knows {known}.")
    predicted = model.predict(manifest)[0]
    explained = predicted if label is None else label
    probabilities = model.predict_proba(manifest)[0]
    data: dict[str, Any] = {
        "image": Path(str(image)).name,
        "probabilities": {str(k): float(p) for k, p in zip(known, probabilities, strict=True)},
        "predicted": str(predicted),
        "explained": str(explained),
    }
    member, contributions = _contributions(model, manifest)
    if contributions is not None:
        data |= _largest(contributions, str(explained), n_columns)
        data |= {"contributions_of": member} if member else {}
    pixels, abcd, data["abcd"] = _abcd(model, manifest, melanocytic)
    picture, found, method = _map(model, manifest, explained, pixels, occlude, facts)
    if found is not None:
        data["map"] = {"method": method, "class": str(explained)}
    data["notice"] = NOTICE
    return Explanation(data, contributions, abcd, picture, found)


def _contributions(model: Any, manifest: pd.DataFrame) -> tuple[str, pd.DataFrame | None]:
    """Contributions of the columns; in a late fusion those within its member of boosted trees."""
    found = row_contributions(model, manifest)
    last = model.steps[-1][1] if isinstance(model, LesionPipeline) else None
    last = getattr(last, "estimator_", last)
    if found is not None or not isinstance(last, LateFusion | GroupedStacking):
        return "", found
    for (name, _), fitted in zip(last.estimators, last.estimators_, strict=True):
        alone = LesionPipeline([*model.steps[:-1], (name, fitted)])
        found = row_contributions(alone, manifest)
        if found is not None:
            return name, found
    return "", None


def _largest(contributions: pd.DataFrame, label: str, n_columns: int) -> dict[str, Any]:
    """List all blocks and the first columns by what they say of one class."""
    own = contributions[contributions["class"] == label]
    blocks = block_contributions(own).drop(columns="class")
    columns = own.drop(columns="class").reindex(
        own["contribution"].abs().sort_values(ascending=False, kind="stable").index
    )
    order = blocks["contribution"].abs().sort_values(ascending=False, kind="stable").index
    return {
        "blocks": _plain(blocks.reindex(order).to_dict("records")),
        "columns": _plain(columns.head(n_columns).to_dict("records")),
    }


def _abcd(
    model: Any, manifest: pd.DataFrame, melanocytic: bool
) -> tuple[NDArray[np.uint8], ABCDReport, dict[str, Any]]:
    """Apply the ABCD rule to the image as the model prepares it."""
    side = image_side(model)
    views = [] if side is None else [view for _, view in side.image_parts().values()]
    preparation = next((view for view in views if isinstance(view, Preparation)), Preparation())
    source = image_sources(manifest)[0]
    pixels = source.read_image()
    mask = source.read_mask(pixels.shape[:2])
    given = mask is not None
    if mask is None:
        mask = segment_lesion(pixels, field_of_view(pixels), preparation.segmentation).mask
    scale = None if math.isnan(source.mm_per_pixel) else source.mm_per_pixel
    report = abcd_report(
        pixels, mask, melanocytic=melanocytic, mm_per_pixel=scale, preparation=preparation
    )
    data = {
        "mask": "given" if given else "segmented",
        "scores": report.scores,
        "tds_proxy": report.tds_proxy,
        "category": report.category,
        "findings": report.findings,
        "values": report.values,
    }
    return pixels, report, _plain(data)


def _map(
    model: Any,
    manifest: pd.DataFrame,
    label: Any,
    pixels: NDArray[np.uint8],
    occlude: bool,
    facts: Mapping[str, Any] | None,
) -> tuple[NDArray[np.uint8], NDArray[np.float32] | None, str]:
    """Picture, map and method; the image alone where no map is to be had."""
    networks = networks_of(model)
    if networks:
        found = [grad_cam(network, manifest, [label]) for network in networks]
        mean = np.stack([one.maps[0] for one in found]).mean(axis=0)
        number = f", mean of {len(networks)} networks" if len(networks) > 1 else ""
        return found[0].frames[0], mean, f"Grad-CAM{number}"
    if not occlude:
        return pixels, None, ""
    row = manifest.iloc[0]
    falls = occlusion(model, row["image"], row.get("mask"), label=label, facts=facts)
    height, width = pixels.shape[:2]
    places = np.ix_(*(np.arange(side) * len(falls) // side for side in (height, width)))
    return pixels, falls[places], "occlusion"


def _plain(value: Any) -> Any:
    """Turn numbers of any kind into those that JSON takes; NaN becomes None."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
