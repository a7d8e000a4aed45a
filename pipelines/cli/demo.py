"""``dermfusion demo``: the main job on synthetic lesions, with nothing to download."""

import argparse
from pathlib import Path
from typing import Any

from pipelines.cli.compare import show
from pipelines.cli.options import add_run_options, new_parser, positive_int
from pipelines.comparison import compare
from pipelines.data import make_lesions
from pipelines.evaluation import Protocol
from pipelines.recipes import make_model

_EXAMPLES = "  dermfusion demo --out runs/demo\n"
# A small network on small frames: the demo is to take minutes on two cores.
_CNN: dict[str, Any] = {"image_size": 64, "max_epochs": 8}


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = new_parser(
        commands,
        "demo",
        "make synthetic lesions, compare fusion with a small CNN on them, write the report",
        _EXAMPLES,
    )
    parser.add_argument("--out", type=Path, default=Path("runs/demo"), help="folder of the report")
    parser.add_argument("--images", type=positive_int, default=240, help="images to draw")
    parser.add_argument("--folds", type=positive_int, default=3, help="of the cross-validation")
    add_run_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Draw, compare and report."""
    print(f"drawing {args.images} images of synthetic lesions ...")
    manifest = make_lesions(args.images, root=args.out / "lesions", random_state=args.seed)
    settings = {
        "store": args.store or "memory",
        "device": args.device,
        "n_jobs": args.jobs,
        "random_state": args.seed,
        "verbose": int(not args.quiet),
    }
    result = compare(
        {
            "fusion": make_model("fusion", **settings),
            "cnn": make_model("cnn", **settings, **_CNN),
        },
        manifest,
        # Thresholds would take three more fits of each fold.
        protocol=Protocol(n_splits=args.folds, inner_splits=0),
        random_state=args.seed,
        n_jobs=args.jobs,
        directory=args.out,
        progress=not args.quiet,
    )
    show(result, result.report(args.out))
