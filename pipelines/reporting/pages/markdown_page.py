"""A report as Markdown, with its figures beside it."""

from collections.abc import Mapping, Sequence

from pipelines.reporting.answer import Answer
from pipelines.reporting.content import (
    Beside,
    Cell,
    Code,
    Fold,
    Items,
    Part,
    Picture,
    Pictures,
    Prose,
    Section,
    Table,
)
from pipelines.reporting.markdown import markdown_table


def render_markdown(answer: Answer, groups: Mapping[str, Sequence[Section]]) -> str:
    """Render a report.

    Parameters
    ----------
    answer : Answer
        The first screen.
    groups : mapping of str to sequence of Section
        All sections.

    Returns
    -------
    str
        Markdown; figures are in the folder `figures` beside it.
    """
    blocks = [f"# {answer.sentence}", f"{answer.eyebrow}. Research tool, not a medical device."]
    if answer.cautions:
        lines = [f"- **{caution.title}.** {caution.text}" for caution in answer.cautions]
        blocks.append("**Before you rely on this**\n\n" + "\n".join(lines))
    blocks += [answer.grounds, *_part(answer.picture, 3)]
    if answer.harder is not None:
        blocks += _part(answer.harder, 3)
    for section in (section for sections in groups.values() for section in sections):
        blocks.append(f"## {section.title}")
        if section.lead:
            blocks.append(section.lead)
        blocks += [block for part in section.parts for block in _part(part, 3)]
    return "\n\n".join(block.strip("\n") for block in blocks) + "\n"


def _part(part: Part, level: int) -> list[str]:
    match part:
        case Table():
            rows = [[_cell(cell) for cell in row] for row in part.rows]
            return [f"*{part.caption}*", markdown_table(part.head, rows, part.words)]
        case Picture():
            return [f"![{part.label}](figures/{part.name}.svg)", f"*{part.caption}*"]
        case Pictures():
            return [block for picture in part.pictures for block in _part(picture, level)]
        case Beside():
            return [block for inner in part.parts for block in _part(inner, level)]
        case Prose():
            return [part.text]
        case Code():
            return [f"```\n{part.text}\n```"]
        case Items():
            return ["\n".join(f"- {text}" for text in part.texts)]
        case Fold():
            inner = [block for part in part.parts for block in _part(part, level + 1)]
            return [f"{'#' * level} {part.title}", *inner]


def _cell(cell: Cell) -> str:
    text = f"**{cell.text}**" if cell.best and cell.text else cell.text
    note = f" ({cell.note})" if cell.note else ""
    return f"{text}{note}".replace("\n", " ")
