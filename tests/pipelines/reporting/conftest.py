"""A record as a full run leaves it: predictions of six models, and every analysis as a table."""

import copy
import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from pipelines.evaluation import Record, summarise_cohort
from pipelines.evaluation.predictions import add_decisions, trained_on_others
from pipelines.reporting import write_report
from pipelines.reporting.results import Results

SHARES = {
    "akiec": 0.04,
    "bcc": 0.05,
    "bkl": 0.1,
    "df": 0.02,
    "mel": 0.09,
    "nv": 0.68,
    "vasc": 0.02,
}
STRENGTHS = {
    "fusion": 3.2,
    "descriptors": 2.0,
    "embedding": 2.8,
    "cnn": 3.0,
    "fusion_cnn": 3.4,
    "late_fusion": 3.3,
}
ARTEFACTS = ("ruler", "dark corners", "hair")


def ends(table, **reach):
    """Add intervals around scores."""
    for name, width in reach.items():
        table[f"{name}_low"], table[f"{name}_high"] = table[name] - width, table[name] + width
    return table


def make_predictions(n_lesions, n_repeats, rng):
    labels = rng.choice(list(SHARES), n_lesions, p=list(SHARES.values()))
    views = rng.integers(1, 3, n_lesions) if n_lesions < 5000 else rng.choice([1, 2], n_lesions)
    lesion = np.repeat(np.arange(n_lesions), views)
    truth = pd.Index(list(SHARES)).get_indexer(labels)
    hard = rng.normal(size=(n_lesions, len(SHARES)))
    parts = []
    for (model, strength), repeat in itertools.product(STRENGTHS.items(), range(n_repeats)):
        logits = hard + rng.normal(size=hard.shape) + np.log(list(SHARES.values()))
        logits[np.arange(n_lesions), truth] += strength
        images = logits[lesion] + rng.normal(scale=0.3, size=(len(lesion), len(SHARES)))
        values = np.exp(images - images.max(axis=1, keepdims=True))
        values /= values.sum(axis=1, keepdims=True)
        fixed = {
            "model": model,
            "repeat": repeat,
            "row": np.arange(len(lesion)),
            "image": [f"images/{i}.jpg" for i in range(len(lesion))],
            "label": labels[lesion].astype(object),
            "lesion": [f"L{i}" for i in lesion],
            "fold": (lesion + repeat) % 5,
        }
        columns = {f"p_{name}": values[:, place] for place, name in enumerate(SHARES)}
        parts.append(pd.DataFrame(fixed | columns))
    table = pd.concat(parts, ignore_index=True)
    return add_decisions(table, trained_on_others(table))


def make_metrics(predictions):
    rows = []
    columns = [f"p_{name}" for name in SHARES]
    for model, part in predictions.groupby("model", sort=False):
        area = roc_auc_score(part["label"], part[columns], multi_class="ovr", labels=list(SHARES))
        mel = roc_auc_score(part["label"] == "mel", part["p_mel"])
        scores = {
            "macro_auc": area,
            "macro_auc_pooled": area - 0.002,
            "positive_auc": mel,
            "positive_partial_auc": 0.12,
            "average_precision": area - 0.3,
            "balanced_accuracy": area - 0.2,
            "balanced_accuracy_prior": area - 0.15,
            "f1": area - 0.25,
            "accuracy": area - 0.1,
        }
        times = {"fit_seconds": 61.0, "predict_seconds": 4.0, "extract_seconds": 300.0}
        rows += [
            {"model": model, "unit": unit, "n": n} | scores | times
            for unit, n in (("lesion", part["lesion"].nunique()), ("image", part["row"].nunique()))
        ]
    return ends(pd.DataFrame(rows), **dict.fromkeys(scores, 0.008))


def make_differences(metrics):
    lesions = metrics[metrics["unit"] == "lesion"].set_index("model")["macro_auc"]
    rows = []
    for unit, (model, reference) in itertools.product(
        ("lesion", "image"), itertools.combinations(STRENGTHS, 2)
    ):
        gap = lesions[model] - lesions[reference]
        declared = model == "fusion" and unit == "lesion"
        low, high = gap - 0.006, gap + 0.006
        verdict = "better" if low > 0 else "worse" if high < 0 else "undecided"
        rows.append(
            {
                **{"unit": unit, "model": model, "reference": reference, "metric": "macro_auc"},
                **{"difference": gap, "corrected_low": low, "corrected_high": high},
                **{"p_value": 0.01, "p_holm": 0.04 if declared else np.nan, "declared": declared},
                **{"verdict": verdict, "verdict_low": low, "verdict_high": high},
                **{"p_delong": np.nan, "p_delong_holm": np.nan},
            }
        )
    return ends(pd.DataFrame(rows), difference=0.004)


def crossed(**keys):
    """Every combination of the keys, a row each."""
    return pd.DataFrame(list(itertools.product(*keys.values())), columns=list(keys))


def make_quality(rng):
    """Tables of how good predictions are."""
    models = list(STRENGTHS)
    per_class = crossed(model=models, unit=["lesion"], **{"class": list(SHARES)})
    for name in ("auc", "average_precision", "sensitivity", "specificity", "f1"):
        per_class[name] = rng.uniform(0.6, 0.95, len(per_class))
        per_class = ends(per_class, **{name: 0.04})
    per_class["n_positive"] = 80
    reliability = crossed(model=models, bin=range(10))
    reliability["predicted"] = reliability["bin"] / 10 + 0.05
    reliability["observed"] = reliability["predicted"] ** 1.2
    reliability["n"] = 30
    calibration = pd.DataFrame({"model": models, "brier": 0.2, "log_loss": 0.5, "ece": 0.03})
    curve = crossed(model=[*models, "treat all", "treat none"], threshold=np.arange(1, 50) / 100)
    curve["net_benefit"] = 0.09 - curve["threshold"] * rng.uniform(0.05, 0.1, len(curve))
    curve.loc[curve["model"] == "treat none", "net_benefit"] = 0.0
    return {
        "per_class": per_class,
        "reliability": ends(reliability, observed=0.05),
        "calibration": ends(calibration, brier=0.01, log_loss=0.02, ece=0.01),
        "decision_curve": ends(curve, net_benefit=0.005),
    }


def make_use():
    """Tables of what a model changes and costs."""
    models = list(STRENGTHS)
    biopsies = pd.DataFrame({"model": models, "target_sensitivity": 0.95, "prevalence": 0.02})
    for place, name in enumerate(("sensitivity", "specificity", "biopsies_per_case")):
        biopsies[name] = 0.95 - 0.1 * place
    biopsies["biopsies_per_1000"] = [300.0, 420.0, 340.0, 320.0, 280.0, 290.0]
    each = biopsies.assign(reference="", saved_per_1000=np.nan)
    pairs = crossed(model=models, reference=models).query("model != reference")
    pairs = pairs.merge(biopsies, on="model")
    needed = biopsies.set_index("model")["biopsies_per_1000"]
    pairs["saved_per_1000"] = pairs["reference"].map(needed) - pairs["biopsies_per_1000"]
    pairs["only_model"], pairs["only_reference"] = 12.0, 9.0
    biopsies = pd.concat([each, pairs], ignore_index=True)
    points = crossed(model=models, rule=["argmax", "95 % sensitivity, set on inner folds"])
    points["sensitivity"], points["specificity"], points["n"] = 0.9, 0.7, 600
    points["biopsies_per_case"] = 7.3
    # A model that trains a network is not trained again on inner folds.
    points = points[(points["model"] != "cnn") | (points["rule"] == "argmax")]
    costs = crossed(model=models, item=["preparation", "extraction: glcm", "fit", "predict"])
    costs["ms_per_image"] = np.where(costs["item"] == "fit", np.nan, np.arange(len(costs)) + 2.0)
    costs["seconds"], costs["memory_mb"], costs["size_mb"] = 12.5, 800.0, np.nan
    pareto = pd.DataFrame({"model": models, "macro_auc": 0.9, "ms_per_image": 12.0, "ece": 0.1})
    pareto["dominated_by"] = ["", "fusion", "", "", "late_fusion, fusion", ""]
    weighted = crossed(scenario=["clinic", "phone"], model=models)
    weighted["score"], weighted["rank"] = 0.5, [*range(1, 7), *range(6, 0, -1)]
    weighted["topsis"], weighted["topsis_rank"] = 0.4, weighted["rank"]
    stability = crossed(model=models, rank=range(1, 7)).assign(share=1 / 6)
    reach = {"sensitivity": 0.02, "specificity": 0.03, "biopsies_per_case": 0.1}
    return {
        "biopsies": ends(biopsies, **reach, biopsies_per_1000=25, saved_per_1000=18),
        "operating_points": ends(points, **reach),
        "costs": costs,
        "pareto": pareto,
        "weighted": weighted,
        "rank_stability": stability,
    }


def make_learning(metrics):
    lesions = metrics[metrics["unit"] == "lesion"].set_index("model")["macro_auc"]
    curve = crossed(model=list(STRENGTHS), share=[0.1, 0.25, 0.5, 1.0])
    curve["lesions"] = (curve["share"] * 6000).astype(int)
    curve["macro_auc"] = curve["model"].map(lesions) - 0.05 * (1 - curve["share"])
    curve["train_macro_auc"] = 0.999
    gap = pd.DataFrame({"model": list(STRENGTHS), "train_macro_auc": 0.999})
    gap["macro_auc"] = gap["model"].map(lesions)
    gap["gap"] = gap["train_macro_auc"] - gap["macro_auc"]
    blocks = ["abcd", "color_moments", "glcm", "lbp", "embedding"]
    importance = crossed(model=["fusion", "descriptors"], block=blocks, number=range(8))
    importance["column"] = importance["block"] + "__" + importance["number"].astype(str)
    importance["share"] = np.tile(np.arange(1, 41) / 820, 2)
    return {
        "learning_curve": ends(curve, macro_auc=0.01),
        "gap": ends(gap, gap=0.004),
        "importance": importance.drop(columns="number"),
    }


def make_trust(metrics):
    """Tables of whether scores may be believed."""
    models = list(STRENGTHS)
    scores = metrics[metrics["unit"] == "lesion"].set_index("model")
    values = {
        "source": ["vidir_modern", "vienna_dias", "rosendahl", "within source", "all sources"],
        "dx_type": ["histo", "follow_up"],
    }
    within = pd.concat(
        [
            crossed(model=models, column=[column], value=names, score=["macro_auc", "positive_auc"])
            for column, names in values.items()
        ],
        ignore_index=True,
    )
    whole = [scores.loc[m, s] for m, s in zip(within["model"], within["score"], strict=True)]
    within["auc"] = np.array(whole) - np.where(within["value"] == "histo", 0.045, 0.03)
    within["n"], within["n_positive"] = 900, 120
    within["classes"] = np.where(within["score"] == "macro_auc", ", ".join(SHARES), "mel")
    within["enough"] = within["value"] != "follow_up"
    fairness = crossed(model=models, attribute=["sex", "age"], group=["a", "b", "c"])
    fairness["n"], fairness["n_positive"] = 500, 60
    for name in ("auc", "sensitivity", "specificity"):
        fairness[name] = 0.85
    fairness["enough"] = fairness["group"] != "c"
    fairness["verdict"] = np.where(fairness["enough"], "no difference shown", "too few")
    names = ["shuffled labels", "lesion blanked out", "skin border", "file properties", "majority"]
    controls = pd.DataFrame({"control": names, "model": "fusion"})
    controls["macro_auc"] = [0.5, 0.71, 0.66, 0.6, 0.5]
    controls["share_of_excess"] = (controls["macro_auc"] - 0.5) / 0.45
    controls["flagged"], controls["reason"] = False, "The control's macro AUC is low."
    moved = crossed(model=models, artefact=list(ARTEFACTS))
    moved["n"], moved["shift"], moved["moved_up"], moved["flipped"] = 200, 0.05, 0.01, 0.04
    gap = pd.DataFrame({"model": models, "score": "positive_auc", "pooled": 0.95, "within": 0.93})
    gap["gap"], gap["flagged"], gap["reason"] = 0.02, False, "No warning."
    leaks = pd.DataFrame(
        [("lesions across splits", "note", 0, "No lesion is on both sides of a split.")],
        columns=["kind", "severity", "count", "message"],
    )
    sources = crossed(source=["vidir_modern", "rosendahl"], label=list(SHARES))
    sources["images"], sources["lesions"] = 50, 40
    return {
        "within": ends(within, auc=0.01),
        "source_gap": ends(gap, gap=0.01, within=0.01, pooled=0.01),
        "fairness": ends(fairness, auc=0.03, sensitivity=0.05, specificity=0.02),
        "controls": ends(controls, macro_auc=0.02),
        "counterfactuals": ends(moved, shift=0.01, moved_up=0.01),
        "leaks": leaks,
        "sources": sources,
    }


def make_settings():
    models = {
        name: {
            "type": "LesionPipeline",
            "kind": "end-to-end" if name == "cnn" else "features",
            "masks": "none",
            "parameters": {"classify__max_depth": 4, "features__embedding__backbone": "resnet18"},
        }
        for name in STRENGTHS
    }
    plan = {
        "hash": "9f2c" * 16,
        "primary": {"unit": "lesion", "metric": "macro_auc", "estimate": "mean over folds"},
        "comparisons": [["fusion", name] for name in STRENGTHS if name != "fusion"],
        "margin": 0.01,
        "detectable": 0.0123,
        "exploratory": [],
        "protocol": {"by": "groups", "n_splits": 5, "inner_splits": 3},
    }
    return {
        **{"seed": 0, "n_splits": 5, "n_bootstrap": 2000, "n_jobs": 1, "on_error": "skip"},
        **{"n_repeats": 1, "locked": True, "source_folds": [], "left_out_of_training": 0},
        **{"target_sensitivity": 0.95, "prevalence": 0.05, "miss_cost": 20.0},
        **{"positive": "mel", "unreliable_masks": 0.01, "dataset": "ham10000", "partial": False},
        **{"models": models, "grouping": ["lesion"], "synthetic": False, "plan": plan},
        "command": "dermfusion compare --dataset ham10000 --root data/ham10000 --out runs/ham",
        "versions": {"python": "3.11.7", "dermfusion": "0.1.0", "numpy": "2.4.0"},
        "hardware": {"system": "Linux", "processor": "a processor", "cores": 2},
    }


def make_record(n_lesions=700, n_repeats=1, seed=0):
    """All that a full run leaves, from numbers drawn at random."""
    rng = np.random.default_rng(seed)
    predictions = make_predictions(n_lesions, n_repeats, rng)
    metrics = make_metrics(predictions)
    one = predictions[(predictions["model"] == "fusion") & (predictions["repeat"] == 0)]
    record = Record(
        predictions=predictions,
        timings=pd.DataFrame({"model": list(STRENGTHS), "fold": 0, "fit_seconds": 1.0}),
        selections=pd.DataFrame(),
        training=trained_on_others(predictions),
        inner=pd.DataFrame(),
        contributions=pd.DataFrame(),
        facts=one[["row", "image", "label", "lesion"]].reset_index(drop=True),
        cohort=summarise_cohort(one["label"].to_numpy(), one["lesion"].to_numpy()),
        skipped=[{"row": 3, "image": "images/broken.jpg", "error": "images/broken.jpg: empty"}],
        settings=make_settings(),
    )
    record.tables = {
        "metrics": metrics,
        "differences": make_differences(metrics),
        **make_quality(rng),
        **make_use(),
        **make_learning(metrics),
        **make_trust(metrics),
    }
    return record


@pytest.fixture(scope="session")
def full_record():
    """A full record with names, paths and a command that are long; not to be changed."""
    record = make_record(300)
    record.skipped = [{"row": 1, "image": "a/" + "long" * 30 + ".jpg", "error": "E" * 90}]
    record.settings["command"] = "dermfusion compare --root " + "x" * 200
    return record


@pytest.fixture(scope="session")
def folder(full_record, tmp_path_factory):
    """Its report, over what an earlier one left; drawn once, as that takes seconds."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "figures").mkdir()
    (folder / "figures" / "of-an-earlier-report.svg").write_text("<svg/>")
    write_report(full_record, folder)
    return folder


@pytest.fixture(scope="session")
def untouched():
    return make_record(300)


@pytest.fixture
def record(untouched):
    """A full record of 300 lesions; may be changed."""
    return copy.deepcopy(untouched)


@pytest.fixture
def results(record):
    return Results(record)


@pytest.fixture
def bare(record):
    """The same run with none of its analyses but scores and differences."""
    record.tables = {name: record.tables[name] for name in ("metrics", "differences")}
    return record
