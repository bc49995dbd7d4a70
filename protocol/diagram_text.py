"""How wide a text is, and where to break it: enough to lay out a picture without knowing the reader's typeface."""

from __future__ import annotations

from itertools import pairwise
from xml.sax.saxutils import escape

NARROW = frozenset("iljtfrI.,:;'’!|()[] ·-")
WIDE = frozenset("mwMW@—…×")


def width_of(text: str, size: float, bold: bool = False) -> float:
    """Pixels, on the wide side: a typeface that is narrower leaves some room."""
    units = sum(0.36 if sign in NARROW else 0.9 if sign in WIDE else 0.7 if sign.isupper() else 0.6 for sign in text)
    return size * units * (1.08 if bold else 1)


def broken(text: str, size: float, room: float, most: int = 9, bold: bool = False) -> list[str]:
    """The text in lines of at most this width; what does not fit ends in `…`."""
    lines, line = list[str](), ""
    for word in text.split():
        if line and width_of(f"{line} {word}", size, bold) > room:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    lines.append(line)
    if len(lines) > most:
        last = lines[most - 1]
        while width_of(f"{last} …", size, bold) > room and " " in last:
            last = last.rpartition(" ")[0]
        lines = [*lines[: most - 1], f"{last} …"]
    return [line for line in lines if line]


def text_at(x: float, y: float, said: str, size: float, fill: str, bold: bool = False, anchor: str = "start") -> str:
    weight = ' font-weight="600"' if bold else ""
    side = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{fill}"{weight}{side}>{escape(said)}</text>'


def path(points: list[tuple[float, float]], stroke: str, dashed: bool = False) -> str:
    """A line with round corners and an arrowhead."""
    (x, y), *rest = points
    drawn = [f"M{x:g} {y:g}"]
    for at, (here, there) in enumerate(pairwise(rest)):
        drawn.append(_corner(points[at], here, there))
    drawn.append(f"L{rest[-1][0]:g} {rest[-1][1]:g}")
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return (
        f'<path d="{"".join(drawn)}" fill="none" stroke="{stroke}" stroke-width="1.5"{dash} marker-end="url(#arrow)"/>'
    )


def _corner(before: tuple[float, float], here: tuple[float, float], there: tuple[float, float]) -> str:
    def toward(other: tuple[float, float]) -> tuple[float, float]:
        dx, dy = other[0] - here[0], other[1] - here[1]
        far = abs(dx) + abs(dy) or 1
        reach = min(6.0, far / 2)
        return here[0] + dx / far * reach, here[1] + dy / far * reach

    start, end = toward(before), toward(there)
    return f"L{start[0]:g} {start[1]:g}Q{here[0]:g} {here[1]:g} {end[0]:g} {end[1]:g}"
