"""Selection of columns: scores, rules for how many, redundancy and stability."""

from fusion.selection.base import RankingSelector
from fusion.selection.bin_plot import plot_bins
from fusion.selection.boltzmann_selector import BoltzmannSelector
from fusion.selection.curves import plot_candidates, plot_scores, score_curve
from fusion.selection.khan import bhattacharyya_distance
from fusion.selection.one_standard_error import OneStandardError
from fusion.selection.redundancy import symmetric_uncertainty
from fusion.selection.registry import SCALE_DEPENDENT, SELECTORS, make_selector
from fusion.selection.score_selector import SCORES, ScoreSelector
from fusion.selection.significance import permutation_p_values
from fusion.selection.stability import Stability, selection_stability

__all__ = [
    "SCALE_DEPENDENT",
    "SCORES",
    "SELECTORS",
    "BoltzmannSelector",
    "OneStandardError",
    "RankingSelector",
    "ScoreSelector",
    "Stability",
    "bhattacharyya_distance",
    "make_selector",
    "permutation_p_values",
    "plot_bins",
    "plot_candidates",
    "plot_scores",
    "score_curve",
    "selection_stability",
    "symmetric_uncertainty",
]
