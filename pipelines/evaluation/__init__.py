"""Grouped folds, out-of-fold predictions, and scores with lesion-bootstrap intervals."""

from pipelines.evaluation.design.folds import Split, as_splits, make_folds, make_splits
from pipelines.evaluation.design.protocol import Protocol
from pipelines.evaluation.evidence import summarise_cohort
from pipelines.evaluation.fitting.collected import OutOfFold
from pipelines.evaluation.fitting.cross_validation import out_of_fold
from pipelines.evaluation.predictions import aggregate_lesions
from pipelines.evaluation.record import Record
from pipelines.evaluation.scores import Scores, score_models
from pipelines.evaluation.scoring.bootstrap import draw_lesions, percentile_interval, resample

__all__ = [
    "OutOfFold",
    "Protocol",
    "Record",
    "Scores",
    "Split",
    "aggregate_lesions",
    "as_splits",
    "draw_lesions",
    "make_folds",
    "make_splits",
    "out_of_fold",
    "percentile_interval",
    "resample",
    "score_models",
    "summarise_cohort",
]
