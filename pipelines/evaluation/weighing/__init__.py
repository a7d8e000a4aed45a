"""Weighing models by several criteria: Pareto front, weighted scores, and how stable ranks are."""

from pipelines.evaluation.weighing.criteria import CRITERIA, Criterion, DecisionMatrix
from pipelines.evaluation.weighing.matrix import decision_matrix
from pipelines.evaluation.weighing.pareto import pareto_table
from pipelines.evaluation.weighing.scenarios import SCENARIOS, Scenario, scenario
from pipelines.evaluation.weighing.stability import rank_stability_table
from pipelines.evaluation.weighing.weighing import Weighing, weigh
from pipelines.evaluation.weighing.weighted import weighted_table

__all__ = [
    "CRITERIA",
    "SCENARIOS",
    "Criterion",
    "DecisionMatrix",
    "Scenario",
    "Weighing",
    "decision_matrix",
    "pareto_table",
    "rank_stability_table",
    "scenario",
    "weigh",
    "weighted_table",
]
