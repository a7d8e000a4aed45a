"""``dermfusion explain``: what a trained model's answer for one image rests on."""

import argparse
from pathlib import Path

from pipelines.artifacts import load_model
from pipelines.cli.options import new_parser
from pipelines.cli.predict import settle_readers
from pipelines.explanation import explain

_EXAMPLES = """\
  dermfusion explain models/ham.joblib photo.jpg --out explained
  dermfusion explain models/ham.joblib photo.jpg --mask outline.png --label mel --out explained
"""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = new_parser(
        commands,
        "explain",
        "show what a trained model's answer for one image rests on: columns, blocks, the ABCD "
        "rule, and the place that its network looks at",
        _EXAMPLES,
    )
    parser.add_argument("model", type=Path, help="the artifact, *.joblib")
    parser.add_argument("image", type=Path, help="the image file")
    parser.add_argument("--mask", type=Path, metavar="FILE", help="its lesion mask")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument(
        "--label", metavar="CLASS", help="class to explain, in place of the one decided for"
    )
    parser.add_argument(
        "--melanocytic",
        action="store_true",
        help="the lesion is known to be melanocytic: say what its ABCD score means",
    )
    parser.add_argument(
        "--occlude",
        action="store_true",
        help="without a fine-tuned network: cover the image patch by patch for a map",
    )
    parser.add_argument(
        "--allow-segmented",
        action="store_true",
        help="let a model fitted on given masks use our own segmentation",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda: where networks run")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Load, explain and write."""
    model = load_model(args.model)
    settle_readers(model, args)
    found = explain(
        model,
        args.image,
        args.mask,
        label=args.label,
        melanocytic=args.melanocytic,
        occlude=args.occlude,
    )
    written = found.save(args.out)
    data = found.data
    print(f"{data['predicted']} (p = {data['probabilities'][data['predicted']]:.3f})")
    if "blocks" in data:
        first = ", ".join(f"{e['block']} {e['contribution']:+.2f}" for e in data["blocks"][:5])
        print(f"for {data['explained']}: {first}")
    print("\n".join(map(str, written)))
