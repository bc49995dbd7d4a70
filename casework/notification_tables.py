"""A table of notifications: finding its headings, and laying a row beside them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from casework.notification_fields import is_blank
from casework.notification_words import FIELD_BY_HEADING, fold
from casework.notifications import FIELDS, OPTIONAL, FieldProblem

FEWEST_HEADINGS = 3  # a row with this many known headings is the row of headings
HEADING_WITHIN = 10  # a title or a remark may stand above it
NEEDED = tuple(name for name in FIELDS if name not in OPTIONAL)
"""columns of a file of notifications"""
MAX_COLUMNS = 64
MAX_ROWS_SEEN = 100_000  # empty rows count too
NO_HEADINGS = (
    "must stand above the columns: reference, prison, family_name and so on",
    "add a row of headings: the names of the fields, or their Dutch or French labels",
)


class FileProblem(Exception):
    """The file is wrong as a whole: which part of it, the rule, and what to do. No row of it is taken."""

    def __init__(self, field: str, rule: str, remedy: str) -> None:
        super().__init__(f"{field} {rule}: {remedy}")
        self.field = field
        self.rule = rule
        self.remedy = remedy


@dataclass(frozen=True)
class Line:
    """One row of a table as it was found. `number` is the row that a spreadsheet shows."""

    number: int
    cells: list[object]
    problem: FieldProblem | None = None

    def is_empty(self) -> bool:
        return self.problem is None and all(is_blank(cell) for cell in self.cells)


@dataclass(frozen=True)
class Heading:
    """The row of headings: per column the field, "" for no heading, None for one that is not known.

    `known_words`: every heading there can be, with its field.
    """

    line: int
    columns: tuple[str | None, ...]
    words: tuple[str, ...]
    known_words: Mapping[str, str] = field(default_factory=lambda: FIELD_BY_HEADING, repr=False)

    @property
    def known(self) -> int:
        return sum(bool(name) for name in self.columns)

    def must_be_complete(self, needed: Iterable[str] = NEEDED) -> None:
        """Raises FileProblem for a heading that is unknown, double or missing.

        An unknown heading is refused, not passed over: it may be a known one with a slip of the pen ("actual relase"),
        and then a release would go unnoticed. It also keeps data out of the file that nobody asked for.
        """
        for position, name in enumerate(self.columns):
            if name is None:
                near = _near(self.words[position], self.known_words)
                remedy = f"write {near}" if near else "remove the column, or give it the name of a field"
                raise FileProblem("headings", f"must be known; the one of column {letter(position)} is not", remedy)
        twice = sorted({name for name in self.columns if name and self.columns.count(name) > 1})
        if twice:
            raise FileProblem("headings", f"must be there once; {', '.join(twice)} is there twice", "keep one of them")
        missing = [name for name in needed if name not in self.columns]
        if missing:
            raise FileProblem("headings", f"must be complete; missing: {', '.join(missing)}", "add the column")

    def misfit(self, line: Line) -> FieldProblem | None:
        """A row must have as many cells as there are headings; empty cells beyond the last heading are overlooked."""
        cells, width = line.cells, len(self.columns)
        stray = [i for i, cell in enumerate(cells) if not is_blank(cell) and (i >= width or not self.columns[i])]
        if stray:
            rule = f"a row must have no cells without a heading; column {letter(stray[0])} has none"
            return FieldProblem("row", rule, "check the delimiters and quotation marks of this row, or empty that cell")
        if len(cells) < width:
            rule = f"a row must have a cell for each heading: {width}, not {len(cells)}"
            return FieldProblem("row", rule, "check the delimiters of this row; leave an empty cell for what is absent")
        return None

    def fields(self, line: Line) -> dict[str, object]:
        return {name: cell for name, cell in zip(self.columns, line.cells, strict=False) if name}


def heading_of(lines: Iterator[Line], words: Mapping[str, str] = FIELD_BY_HEADING) -> Heading | None:
    """The row of headings among the first rows that are not empty; `words`: the headings there can be."""
    seen = 0
    for line in lines:
        if line.is_empty():
            continue
        found = _heading(line, words)
        seen += 1
        if found.known >= FEWEST_HEADINGS:
            return found
        if seen == HEADING_WITHIN:
            break
    return None


def _heading(line: Line, known_words: Mapping[str, str]) -> Heading:
    cells = list(line.cells)
    while cells and is_blank(cells[-1]):
        cells.pop()
    if len(cells) > MAX_COLUMNS:
        return Heading(line.number, (), (), known_words)
    words = tuple(fold(cell[:100]) if isinstance(cell, str) else "" for cell in cells)
    known = (known_words.get(word) for word in words)
    columns = tuple("" if is_blank(cell) else name for cell, name in zip(cells, known, strict=True))
    return Heading(line.number, columns, words, known_words)


def _near(word: str, known_words: Mapping[str, str]) -> str | None:
    close = get_close_matches(word, known_words, n=1, cutoff=0.75)
    return known_words[close[0]] if close else None


def letter(position: int) -> str:
    """The letter of a column as a spreadsheet shows it; position 0 is A."""
    name = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        name = chr(65 + rest) + name
    return name
