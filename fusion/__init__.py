"""Fusion and selection of named blocks of numbers, and fair classifiers on top.

Blocks of columns in, fewer and better columns or probabilities out. Nothing here knows an
image or a manifest: everything takes arrays or DataFrames of numbers, labels, and groups of
rows that must not be parted by a split.
"""

from fusion.binning import bin_columns, choose_n_bins, contingency_tables
from fusion.blocks import BlockScaler, BlockSelector, column_blocks
from fusion.boltzmann import (
    adjusted_boltzmann_gain,
    boltzmann_entropy,
    boltzmann_gain,
    expected_boltzmann_gain,
    log_multiplicity,
    normalized_boltzmann_entropy,
)
from fusion.boosting import BoostedTrees
from fusion.calibration import GroupedCalibration
from fusion.decision import DecisionRule, decide
from fusion.discriminant_correlation import DiscriminantCorrelation
from fusion.fitting import fit_parameters, fit_with_groups
from fusion.groups import (
    check_groups,
    grouped_folds,
    grouped_split,
)
from fusion.late_fusion import LateFusion
from fusion.members import block_members
from fusion.search_space import boosting_distributions, boosting_grid, suggest_boosting
from fusion.selection import (
    BoltzmannSelector,
    OneStandardError,
    ScoreSelector,
    make_selector,
    permutation_p_values,
    selection_stability,
    symmetric_uncertainty,
)
from fusion.stacking import GroupedStacking
from fusion.threshold import ThresholdRule, threshold_at_cost, threshold_at_sensitivity
from fusion.ugly_duckling import UglyDuckling

__all__ = [
    "BlockScaler",
    "BlockSelector",
    "BoltzmannSelector",
    "BoostedTrees",
    "DecisionRule",
    "DiscriminantCorrelation",
    "GroupedCalibration",
    "GroupedStacking",
    "LateFusion",
    "OneStandardError",
    "ScoreSelector",
    "ThresholdRule",
    "UglyDuckling",
    "adjusted_boltzmann_gain",
    "bin_columns",
    "block_members",
    "boltzmann_entropy",
    "boltzmann_gain",
    "boosting_distributions",
    "boosting_grid",
    "check_groups",
    "choose_n_bins",
    "column_blocks",
    "contingency_tables",
    "decide",
    "expected_boltzmann_gain",
    "fit_parameters",
    "fit_with_groups",
    "grouped_folds",
    "grouped_split",
    "log_multiplicity",
    "make_selector",
    "normalized_boltzmann_entropy",
    "permutation_p_values",
    "selection_stability",
    "suggest_boosting",
    "symmetric_uncertainty",
    "threshold_at_cost",
    "threshold_at_sensitivity",
]
