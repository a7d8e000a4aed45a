"""Experiments that tell what a step or a sin is worth: the ablation ladder, the ledger."""

from pipelines.experiments.ablation import Ablation, ablate
from pipelines.experiments.entries import Ledger
from pipelines.experiments.ladder import FUSIONS, RIVALS, SHARES
from pipelines.experiments.ledger import ledger, ledger_of_table
from pipelines.experiments.noise import noise_ledger
from pipelines.experiments.sins import SINS

__all__ = [
    "FUSIONS",
    "RIVALS",
    "SHARES",
    "SINS",
    "Ablation",
    "Ledger",
    "ablate",
    "ledger",
    "ledger_of_table",
    "noise_ledger",
]
