"""How to do the run again."""

import re
from typing import Any

from pipelines.reporting.cells import facts_table
from pipelines.reporting.content import Code, Prose, Section
from pipelines.reporting.results import Results
from pipelines.reporting.words.protocol import folds_fact

_MAIN_PARAMETERS = ("backbone", "image_size", "max_epochs", "score_func", "k", "rule")


def make_section(results: Results) -> Section:
    """Make the section."""
    return Section(
        "reproduce",
        "How to reproduce",
        "",
        [
            Code(results.settings["command"], "Command"),
            facts_table("run", run_facts(results), "Settings of this run."),
            Prose(
                "The predictions behind every number are in predictions.parquet, the numbers in "
                "metrics.csv, differences.csv and tables, the settings in run.json, all beside "
                "this page. Tables for print are there as LaTeX too; report.md is the "
                "page as Markdown."
            ),
        ],
    )


def run_facts(results: Results) -> dict[str, Any]:
    """Seed, folds, models, software and hardware of a run, as words."""
    settings, plan = results.settings, results.plan
    facts = {
        "Seed": settings["seed"],
        "Folds": folds_fact(results),
        "Bootstrap": f"{settings['n_bootstrap']:,} draws of {results.unit}s, stratified by class; "
        "percentile intervals, 95%",
        **_stated(results),
        "Unreadable images": "stop the run" if settings["on_error"] == "raise" else "left out",
    }
    if plan.get("hash"):
        when = "locked before the run" if settings["locked"] else "stated before the run, not kept"
        facts["Plan"] = f"{when}, sha256 {plan['hash']}"
    for name, model in settings["models"].items():
        facts[name] = describe_model(model)
    facts["Software"] = ", ".join(f"{name} {of}" for name, of in settings["versions"].items())
    return facts | {key.capitalize(): value for key, value in settings["hardware"].items()}


def _stated(results: Results) -> dict[str, str]:
    """Word what decisions about the class of concern were counted at."""
    if results.positive is None:
        return {}
    settings = results.settings
    return {
        f"Of {results.positive}": f"sensitivity {settings['target_sensitivity']:.0%}; a missed "
        f"case costs {settings['miss_cost']:g} false alarms; prevalence "
        f"{settings['prevalence']:.1%}"
    }


def describe_model(model: dict[str, Any]) -> str:
    """Word a model as the settings of a run describe it: type, kind, steps, main parameters."""
    masks = "" if model["masks"] == "none" else f", lesion masks {model['masks']}"
    words = [
        " and ".join(model.get("metadata", [])),  # absent from runs of earlier versions
        ", ".join(f"{name} {of}" for name, of in model.get("preparation", {}).items()),
        " > ".join(model.get("steps", [])),
        _main_parameters(model["parameters"]),
    ]
    chosen = "; ".join(word for word in words if word)
    return f"{model['type']} ({model['kind']}{masks}){': ' if chosen else ''}{chosen}"


def _main_parameters(parameters: dict[str, Any]) -> str:
    """Word those parameters that one would ask for first, whichever step has them."""
    words = []
    for name in _MAIN_PARAMETERS:
        found = {
            path: value
            for path, value in parameters.items()
            if path.split("__")[-1] == name and value is not None
        }
        if len(set(found.values())) == 1:
            found = {name: next(iter(found.values()))}
        # Where steps differ in it, each is told apart by its path.
        words += [f"{re.sub('_+', ' ', path)} {value}" for path, value in found.items()]
    return ", ".join(words)
