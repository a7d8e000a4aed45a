"""What a report is made of, before it is HTML, Markdown or LaTeX."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from pipelines.reporting.drawing.svg import to_inline


@dataclass(frozen=True)
class Cell:
    """One entry: a text, a quieter note under it, and the colour of a model beside it.

    `free` text may be broken anywhere, as paths and messages must be on a narrow screen. `value`
    is what the column is sorted by; without one, the text is.
    """

    text: str
    note: str = ""
    series: int | None = None
    best: bool = False
    free: bool = False
    value: float | None = None


@dataclass(frozen=True)
class Table:
    """A caption, a heading a column, and rows whose first cell heads the row.

    Columns are right-aligned numbers, save the first `words` columns. `name` is unique in a
    report: files are called after it.
    """

    kind: ClassVar[str] = "table"

    name: str
    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    words: int = 1
    narrow: bool = False

    @property
    def sortable(self) -> bool:
        """Whether it has so many rows that a reader may want another order."""
        return len(self.rows) > 2


@dataclass(frozen=True)
class Picture:
    """A figure under the name of its file, with a caption and a text for who cannot see it."""

    kind: ClassVar[str] = "picture"

    name: str
    svg: str
    caption: str
    label: str

    @property
    def inline(self) -> str:
        """SVG element for the page."""
        return to_inline(self.svg, self.name, self.label)


@dataclass(frozen=True)
class Pictures:
    """Figures side by side where the page is wide enough."""

    kind: ClassVar[str] = "pictures"

    pictures: Sequence[Picture]


@dataclass(frozen=True)
class Beside:
    """A figure and a small table side by side where the page is wide enough."""

    kind: ClassVar[str] = "beside"

    parts: Sequence["Part"]


@dataclass(frozen=True)
class Prose:
    """A paragraph; `paste` marks one that is meant to be copied."""

    kind: ClassVar[str] = "prose"

    text: str
    paste: bool = False


@dataclass(frozen=True)
class Code:
    """A command."""

    kind: ClassVar[str] = "code"

    text: str
    label: str


@dataclass(frozen=True)
class Items:
    """A list of sentences."""

    kind: ClassVar[str] = "items"

    texts: Sequence[str]


@dataclass(frozen=True)
class Fold:
    """Parts under a heading that a reader opens; open on paper."""

    kind: ClassVar[str] = "fold"

    title: str
    parts: Sequence["Part"]


Part: TypeAlias = Table | Picture | Pictures | Beside | Prose | Code | Items | Fold


@dataclass(frozen=True)
class Section:
    """One heading of the report.

    `name` is its anchor, `lead` says how to read it.
    """

    name: str
    title: str
    lead: str = ""
    parts: Sequence[Part] = field(default_factory=list)


def walk(parts: Sequence[Part]) -> list[Part]:
    """List all parts, those in folds and rows of pictures too, in their order.

    Examples
    --------
    >>> [part.kind for part in walk([Fold("More", [Prose("a"), Items(["b"])])])]
    ['fold', 'prose', 'items']
    """
    found: list[Part] = []
    for part in parts:
        if isinstance(part, Pictures):
            found += part.pictures
            continue
        found.append(part)
        if isinstance(part, Fold | Beside):
            found += walk(part.parts)
    return found
