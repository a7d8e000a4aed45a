"""Options that several subcommands share."""

import argparse
from pathlib import Path

from features import HAIR_REMOVALS, MASK_SOURCES, SEGMENTERS, Preparation
from features.networks.normalization import SCHEMES
from fusion.selection import SELECTORS
from fusion.selection.counts import check_count_rule
from pipelines.evaluation import Protocol
from pipelines.evaluation.weighing import SCENARIOS, scenario
from pipelines.recipes import CLASSIFIERS, MODELS, NETWORK_MODELS, default_descriptors
from pipelines.recipes.selection import COUNT_RULES

# Columns of one's own table, as the reader of CSV manifests calls them.
TABLE_COLUMNS = ("image_col", "label_col", "group_col", "mask_col")
_COLUMN_HELP = {
    "image": "paths of images (image, if not named)",
    "label": "classes (label, if not named)",
    "group": "ids of patients or lesions, whose images no split may separate (none, if not named)",
    "mask": "paths of lesion masks (mask, if there is one and none is named)",
}


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Help with defaults, and examples as they were written."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default is None or action.default is False:
            return action.help
        if isinstance(action.default, list):
            return f"{action.help} (default: {','.join(map(str, action.default)) or 'none'})"
        return super()._get_help_string(action)


def new_parser(
    commands: argparse._SubParsersAction, name: str, summary: str, examples: str
) -> argparse.ArgumentParser:
    """Add a subcommand with its summary and examples."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"examples:\n{examples}",
        formatter_class=HelpFormatter,
    )
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    return parser


def add_data_options(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Options that say which images."""
    group = parser.add_argument_group("images")
    group.add_argument(
        "--dataset",
        required=required,
        metavar="NAME",
        help="how the images lie on disk: folder (a folder a class), csv (a table), or a published "
        "data set of those that `dermfusion data list` shows",
    )
    group.add_argument(
        "--root",
        required=required,
        type=Path,
        metavar="PATH",
        help="the data set's folder; with --dataset csv the table itself",
    )
    for column in TABLE_COLUMNS:
        what = column.removesuffix("_col")
        group.add_argument(
            f"--{column.replace('_', '-')}",
            metavar="COLUMN",
            help=f"with --dataset csv: the column that holds the {_COLUMN_HELP[what]}",
        )
    group.add_argument(
        "--limit",
        type=positive_int,
        metavar="N",
        help="use about N images: whole lesions, class proportions kept",
    )
    group.add_argument(
        "--on-error",
        choices=("raise", "skip"),
        default="raise",
        help="stop at an image that cannot be used, or list it and go on",
    )


def add_column_options(parser: argparse.ArgumentParser) -> None:
    """Options that say how images become columns."""
    group = parser.add_argument_group("columns")
    group.add_argument(
        "--backbone",
        default="efficientnet_lite0",
        metavar="NAME",
        help="the network, of those that `dermfusion backbones` lists",
    )
    group.add_argument(
        "--weights",
        default="default",
        metavar="FILE",
        help="its weights: a state dict, or none to start from random ones",
    )
    group.add_argument(
        "--normalization",
        choices=SCHEMES,
        help="how pixels are scaled, if the weights were trained with another scale than the "
        "network's own",
    )
    group.add_argument(
        "--mask",
        choices=MASK_SOURCES,
        default="auto",
        help="lesion masks: the data set's, our own segmentation, or whichever there is",
    )
    group.add_argument(
        "--segmentation",
        choices=tuple(SEGMENTERS),
        default=Preparation.segmentation,
        help="how lesions without a mask are segmented",
    )
    group.add_argument(
        "--without",
        type=block_names,
        default=[],
        metavar="A,B,...",
        help="descriptors to leave out, such as those of shape where images are squashed, of "
        f"{', '.join(name for name, _ in default_descriptors())}",
    )
    group.add_argument("--size", type=positive_int, default=224, help="lesion view, in pixels")
    group.add_argument("--constancy", action="store_true", help="Shades-of-Gray colour constancy")
    group.add_argument(
        "--hair",
        choices=(*HAIR_REMOVALS, "none"),
        default=Preparation.hair,
        help="how dark hair is found and painted over",
    )


def add_selection_option(parser: argparse.ArgumentParser) -> None:
    """Options that say which columns a model keeps, and how many."""
    parser.add_argument(
        "--k",
        type=count_rule,
        default=800,
        help=f"columns that selection keeps: a number, a share, or {', '.join(COUNT_RULES)} "
        "(tries shares on inner folds; slow)",
    )
    parser.add_argument(
        "--select",
        choices=tuple(SELECTORS),
        default="boltzmann",
        metavar="NAME",
        help=f"what columns are selected by, of {', '.join(SELECTORS)}",
    )


def add_classifier_option(parser: argparse.ArgumentParser) -> None:
    """Option that says what classifies the columns."""
    parser.add_argument(
        "--classifier",
        choices=tuple(CLASSIFIERS),
        default="boosting",
        help="what classifies the columns, where a model has nothing of its own for that",
    )


def add_training_options(parser: argparse.ArgumentParser, when: str) -> None:
    """Options that say how networks are fine-tuned, and when any is."""
    group = parser.add_argument_group("fine-tuned networks", when)
    group.add_argument("--cnn-size", type=positive_int, default=128, help="frames, in pixels")
    group.add_argument("--epochs", type=positive_int, default=10, help="most epochs")
    group.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FOLDER",
        help="keep the network's state there after each epoch; a stopped training goes on from it",
    )


def add_protocol_options(parser: argparse.ArgumentParser) -> None:
    """Options that say which images test which, and what is asked of every fold."""
    rules = Protocol()
    group = parser.add_argument_group("protocol", "fixed in plan.json before any model is fitted")
    _add_split_options(group, rules)
    _add_question_options(group, rules)


def _add_split_options(group: argparse._ArgumentGroup, rules: Protocol) -> None:
    group.add_argument(
        "--folds", type=positive_int, default=rules.n_splits, help="of a cross-validation"
    )
    group.add_argument(
        "--repeats", type=positive_int, default=rules.n_repeats, help="of it, shuffled anew"
    )
    group.add_argument(
        "--by",
        choices=("groups", "source", "split"),
        default=rules.by,
        help="folds of patients and lesions, each source left out in turn, or the publisher's "
        "test part",
    )
    group.add_argument(
        "--test-folds", type=int, nargs="+", metavar="N", help="test these folds only, from 0"
    )
    group.add_argument(
        "--test-dataset",
        metavar="NAME",
        help="test another data set, in the place of folds; what both have is not trained on",
    )
    group.add_argument("--test-root", type=Path, metavar="PATH", help="where that one lies")
    group.add_argument(
        "--inner-folds",
        type=int,
        default=rules.inner_splits,
        help="by which thresholds are set, each a fit of the first repeat; 0 for none. Networks "
        "are not trained again",
    )


def _add_question_options(group: argparse._ArgumentGroup, rules: Protocol) -> None:
    group.add_argument(
        "--reference", metavar="MODEL", help="what all others are compared with (the first model)"
    )
    group.add_argument(
        "--margin", type=float, default=rules.margin, help="smallest difference worth having"
    )
    group.add_argument(
        "--target-sensitivity",
        type=float,
        default=rules.target_sensitivity,
        help="for the class of concern",
    )
    group.add_argument(
        "--miss-cost",
        type=float,
        default=rules.miss_cost,
        metavar="N",
        help="false alarms that weigh as much as one missed case of the class of concern",
    )
    group.add_argument(
        "--prevalence",
        type=float,
        default=rules.prevalence,
        help="of the class of concern where the models would be used",
    )
    group.add_argument(
        "--shares",
        type=float,
        nargs="+",
        default=[],
        metavar="S",
        help="of the training lesions, for the learning curve",
    )


def add_scenario_option(parser: argparse.ArgumentParser) -> None:
    """Option that says how reliability, time and error are weighed."""
    names = ", ".join(known.name for known in SCENARIOS)
    parser.add_argument(
        "--scenario",
        type=scenario_text,
        action="append",
        default=[],
        metavar="NAME=R,T,E",
        help=f"weigh models by reliability, time and error, such as bedside=0.5,0.3,0.2; can be "
        f"repeated ({names})",
    )


def scenario_text(text: str) -> str:
    """Check the words of a scenario; they are parsed where they are used, and kept as they are."""
    try:
        scenario(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Options that say where and how to run."""
    group = parser.add_argument_group("run")
    group.add_argument("--seed", type=int, default=0, help="of folds, models and bootstrap")
    group.add_argument(
        "--device", default="auto", help="auto, cpu or cuda: where networks and boosting run"
    )
    group.add_argument("--jobs", type=int, default=-1, metavar="N", help="cores to use; -1 for all")
    group.add_argument(
        "--store",
        type=Path,
        metavar="FILE",
        help="keep extracted features in this SQLite file; a stopped run takes up where it was",
    )
    group.add_argument(
        "--log",
        type=Path,
        metavar="FILE",
        help="add a line of JSON to this file for each thing that happens, with --quiet too",
    )
    group.add_argument("--quiet", action="store_true", help="show no progress")


def positive_int(text: str) -> int:
    """Parse an integer of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {value}")
    return value


def count_rule(text: str) -> int | float | str:
    """Parse a number of columns, a share of them, or the name of a rule."""
    if text in COUNT_RULES:
        return text
    try:
        value = int(text) if text.lstrip("+-").isdigit() else float(text)
        check_count_rule(value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected a number of columns, a share above 0 and up to 1.0, or one of "
            f"{', '.join(COUNT_RULES)}; got {text}"
        ) from error
    return value


def model_names(text: str) -> list[str]:
    """Parse a comma-separated list of models."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = sorted(set(names) - set(MODELS))
    if unknown or not names:
        raise argparse.ArgumentTypeError(
            f"unknown model {', '.join(unknown) or repr(text)}; choose from {', '.join(MODELS)}"
        )
    return list(dict.fromkeys(names))


def block_names(text: str) -> list[str]:
    """Parse a comma-separated list of descriptors."""
    known = [name for name, _ in default_descriptors()]
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = sorted(set(names) - set(known))
    if unknown or set(names) == set(known):
        raise argparse.ArgumentTypeError(
            f"unknown descriptor {', '.join(unknown)}; choose from {', '.join(known)}"
            if unknown
            else "some descriptor must stay; use the model `embedding` for none"
        )
    return names


def explain_models() -> str:
    """Tell the names of all models, and which of them train how many networks."""
    frozen = [name for name in MODELS if name not in NETWORK_MODELS]
    training = [
        f"{', '.join(name for name, n in NETWORK_MODELS.items() if n == count)} ({count} a fold)"
        for count in sorted(set(NETWORK_MODELS.values()))
    ]
    return f"{', '.join(frozen)}; these train networks, and take long: {', '.join(training)}"
