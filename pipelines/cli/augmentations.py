"""``dermfusion augmentations``: a picture of what training may do to an image."""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from features import read_image
from pipelines.cli.options import new_parser, positive_int
from pipelines.cnn.augmentation import NO_AUGMENTATION, Augmentation
from pipelines.cnn.classifier import FRAMINGS
from pipelines.reporting.drawing.palette import INK, MUTED, RULE

_EXAMPLES = """\
  dermfusion augmentations lesion.jpg --out grid.png
  dermfusion augmentations lesion.jpg other.jpg --out grid.png --rotation 30 --no-flip
"""

# Parts that are off by default are shown at a strength that the eye can see.
_SHOWN = Augmentation(noise=15, standardize=True, paste=1)

# Each part: its name in the picture, how strong it is, and the help of its option.
_PARTS = {
    "flip": ("flip", "each way with\nchance 1/2", "mirror both ways"),
    "crop": ("random crop", "at least {:.0%}\nof the side", "most of the side that is cut off"),
    "rotation": ("rotation", "up to ±{:g}°", "most degrees either way"),
    "shift": ("shift", "up to ±{:.0%}\nof the side", "most, as a share of the side"),
    "jitter": (
        "colour jitter",
        "brightness, contrast,\nsaturation ±{:.0%}",
        "most change of brightness, contrast and saturation, as a share",
    ),
    "cast": ("colour cast", "each channel ±{:.0%}", "most change of each channel, as a share"),
    "noise": ("noise", "standard deviation\n{:g} grey levels", "standard deviation, grey levels"),
    "standardize": (
        "standardisation",
        "one mean, one spread;\nno chance in it",
        "bring each channel of each frame to one mean and spread",
    ),
    "paste": ("paste (CutMix)", "chance {:.0%}", "chance that a rectangle is pasted in"),
}

_CELL, _LABEL, _GAP, _MARGIN = 1.4, 1.75, 0.07, 0.2  # inches
_DPI = 160


class Strip(NamedTuple):
    """One row of the picture.

    Parameters
    ----------
    name, strength : str
        Its label.
    frames : Tensor of shape (n, 3, size, size), float32
        RGB in [0, 255].
    captions : list of n str
        Written below the frames' upper edge; empty for none.
    """

    name: str
    strength: str
    frames: Tensor
    captions: list[str]


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand."""
    parser = new_parser(
        commands, "augmentations", "draw what training may do to an image", _EXAMPLES
    )
    parser.add_argument("image", type=Path, help="an image file")
    parser.add_argument(
        "other",
        type=Path,
        nargs="?",
        help="image that rectangles are pasted from; by default the same, mirrored",
    )
    parser.add_argument("--out", type=Path, required=True, help="the picture to write, *.png")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn")
    parser.add_argument("--size", type=positive_int, default=224, help="of the frames, in pixels")
    parser.add_argument(
        "--framing", choices=tuple(FRAMINGS), default="whole", help="how an image becomes square"
    )
    parser.add_argument("--draws", type=positive_int, default=6, help="frames in a row")
    group = parser.add_argument_group("augmentation", "0 or --no-... leaves a part out")
    for name, (_, _, text) in _PARTS.items():
        default = getattr(_SHOWN, name)
        if isinstance(default, bool):
            group.add_argument(
                f"--{name}", action=argparse.BooleanOptionalAction, default=default, help=text
            )
        else:
            group.add_argument(f"--{name}", type=float, default=default, metavar="X", help=text)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Read, change and draw."""
    augmentation = Augmentation(**{name: getattr(args, name) for name in _PARTS})
    view = FRAMINGS[args.framing](args.size)
    paths = [args.image, args.other or args.image]
    pair = view.collate([view.prepare(read_image(path)) for path in paths])
    if args.other is None:
        pair[1] = pair[1].flip(2)
    strips = list(make_strips(pair, augmentation, n=args.draws, seed=args.seed))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    draw_strips(strips).savefig(args.out, dpi=_DPI)
    print(f"{len(strips)} rows of frames: {args.out}")


def make_strips(pair: Tensor, augmentation: Augmentation, *, n: int, seed: int) -> Iterator[Strip]:
    """Show each part of an augmentation alone, and then all together.

    Parameters
    ----------
    pair : Tensor of shape (2, 3, size, size), uint8
        The frame that is changed, and one to paste from.
    augmentation : Augmentation
        Its parts; those that are off are left out.
    n : int
        Draws of each part.
    seed : int
        Of the draws, which are the same in all rows of the picture.

    Yields
    ------
    Strip
        The original, each part that is on, and all together.
    """
    yield Strip("original", "as it is read", NO_AUGMENTATION.prepare(pair), ["", "to paste from"])
    for name, (title, strength, _) in _PARTS.items():
        value = getattr(augmentation, name)
        if not value:
            continue
        alone = replace(NO_AUGMENTATION, **{name: value})
        if name == "standardize":
            yield Strip(title, strength, alone.prepare(pair), ["", ""])
            continue
        shown = 1 - value if name == "crop" else value
        yield Strip(title, strength.format(shown), *_draw(pair, alone, n, seed))
    yield Strip("all together", "all of the above", *_draw(pair, augmentation, n, seed))


def _draw(pair: Tensor, augmentation: Augmentation, n: int, seed: int) -> tuple[Tensor, list[str]]:
    """Draw one frame several times, each in a batch with the other."""
    frames, captions = [], []
    for row in range(n):
        rows = torch.tensor([row, n + row])
        changed = augmentation(pair, rows=rows, epoch=1, seed=seed)
        mixed, targets = augmentation.mix(changed, torch.eye(2), rows=rows, epoch=1, seed=seed)
        frames.append(mixed[0])
        share = float(targets[0, 1])
        captions.append(f"{share:.0%} pasted" if share else "")
    return torch.stack(frames), captions


def draw_strips(strips: list[Strip]) -> Figure:
    """Draw rows of frames with their labels.

    Parameters
    ----------
    strips : list of Strip
        From top to bottom.

    Returns
    -------
    Figure
        Drawn without pyplot.
    """
    step = _CELL + _GAP
    n = max(len(strip.captions) for strip in strips)
    width = 2 * _MARGIN + _LABEL + n * step - _GAP
    height = 2 * _MARGIN + len(strips) * step - _GAP
    figure = Figure(figsize=(width, height), facecolor="white")
    for line, strip in enumerate(strips):
        bottom = height - _MARGIN - line * step - _CELL
        middle = bottom + _CELL / 2
        x, name_y, strength_y = _MARGIN / width, (middle + 0.03) / height, (middle - 0.03) / height
        figure.text(x, name_y, strip.name, va="bottom", color=INK, size=10, weight="bold")
        figure.text(x, strength_y, strip.strength, va="top", color=MUTED, size=8)
        for place, (frame, caption) in enumerate(zip(strip.frames, strip.captions, strict=True)):
            left = _MARGIN + _LABEL + place * step
            box = (left / width, bottom / height, _CELL / width, _CELL / height)
            _show(figure.add_axes(box), frame, caption)
    return figure


def _show(axes: Axes, frame: Tensor, caption: str) -> None:
    axes.imshow(frame.round().byte().permute(1, 2, 0).numpy())
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(color=RULE, linewidth=0.6)
    if caption:
        ground = {"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 1.5}
        axes.text(
            0.03,
            0.97,
            caption,
            va="top",
            transform=axes.transAxes,
            color=INK,
            size=6.5,
            bbox=ground,
        )
