"""Grouped folds, out-of-fold predictions, and scores with lesion-bootstrap intervals."""

from pipelines.evaluation.bootstrap import draw_lesions, percentile_interval, resample
from pipelines.evaluation.cross_validation import OutOfFold, out_of_fold
from pipelines.evaluation.folds import Split, as_splits, make_folds, make_splits
from pipelines.evaluation.predictions import aggregate_lesions
from pipelines.evaluation.protocol import Protocol
from pipelines.evaluation.record import Record, summarise_cohort
from pipelines.evaluation.scores import Scores, score_models

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
