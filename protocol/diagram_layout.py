"""Where everything of a diagram stands: steps in a lane per accountable role, one below the other in reading order.

Dates and points in a case are lines across all lanes; what waits for them begins below. Rows only go down, so that
the picture reads from top to bottom like the protocol itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from protocol.language import After, Protocol, Step
from protocol.schema import parts

LEFT, DATES, LANE, GUTTER, BOX = 28, 196, 218, 34, 172
"""Widths in pixels: margin, the column of dates, a lane; inside a lane the gutter for arrows and the box."""
TOP, GAP, LINE_ROW = 132, 36, 50
LEAST_WIDTH = 906
"""Room for title and legend, however few lanes there are."""


@dataclass
class Box:
    """A step in its lane. `x`, `y` is the upper left corner."""

    key: str
    step: Step
    lane: int
    row: int
    x: float = 0
    y: float = 0
    height: float = 0

    @property
    def middle(self) -> float:
        return self.x + BOX / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height


@dataclass
class DateLine:
    """An anchor or milestone: a line across all lanes."""

    key: str
    milestone: bool
    row: int
    y: float = 0


@dataclass
class Arrow:
    """From a step or line to a step; the points of a line with right angles."""

    points: list[tuple[float, float]]


@dataclass
class Layout:
    lanes: list[str]
    boxes: dict[str, Box] = field(default_factory=dict)
    lines: dict[str, DateLine] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)
    bottom: float = 0

    @property
    def width(self) -> float:
        return max(LEAST_WIDTH, LEFT + DATES + LANE * len(self.lanes) + LEFT)

    def lane_x(self, lane: int) -> float:
        return LEFT + DATES + LANE * lane

    def box_x(self, lane: int) -> float:
        return self.lane_x(lane) + GUTTER

    def clear(self, lane: int, above: int, below: int) -> bool:
        """Whether no box stands in a lane between two rows."""
        return not any(box.lane == lane and above < box.row < below for box in self.boxes.values())


def layout(protocol: Protocol, height: Callable[[Step], float]) -> Layout:
    """Rows and places of all steps that are no duties, and the arrows between them. `height`: of a step's box."""
    steps = {key: step for key, step in protocol.steps.items() if not step.duty}
    plan = Layout(list(dict.fromkeys(step.owner for step in protocol.steps.values())))
    _rows(protocol, steps, plan)
    for box in plan.boxes.values():
        box.height = height(box.step)
    _places(plan)
    _arrows(protocol, plan)
    return plan


def starts(protocol: Protocol, step: Step) -> Iterator[tuple[str, bool]]:
    """What a step begins after: keys of steps, or of anchors and milestones (then True)."""
    for one in step.after:
        for _, part in parts(one):
            if isinstance(part, After):
                if part.step is not None:
                    yield part.step, False
                elif part.anchor or part.milestone:
                    yield part.anchor or part.milestone or "", True


def _rows(protocol: Protocol, steps: dict[str, Step], plan: Layout) -> None:
    row, taken = 0, set[tuple[int, int]]()
    for key, step in steps.items():
        for name, is_line in starts(protocol, step):
            if is_line and name not in plan.lines:
                row = _line_row(plan, row)
                plan.lines[name] = DateLine(name, name in protocol.milestones, row)
                row += 1
        above = [plan.boxes[name].row for name, is_line in starts(protocol, step) if not is_line and name in plan.boxes]
        above += [plan.lines[name].row for name, is_line in starts(protocol, step) if is_line]
        lane = plan.lanes.index(step.owner)
        at = max([row, *(other + 1 for other in above)])
        while (at, lane) in taken:
            at += 1
        taken.add((at, lane))
        plan.boxes[key] = Box(key, step, lane, at)
        row = at


def _line_row(plan: Layout, row: int) -> int:
    used = [box.row for box in plan.boxes.values()] + [line.row for line in plan.lines.values()]
    return max([row - 1, *used]) + 1


def _places(plan: Layout) -> None:
    line_rows = {line.row for line in plan.lines.values()}
    last = max([box.row for box in plan.boxes.values()] + list(line_rows), default=0)
    y: float = TOP
    for row in range(last + 1):
        for line in plan.lines.values():
            if line.row == row:
                line.y = y + LINE_ROW / 2 - 6
        for box in plan.boxes.values():
            if box.row == row:
                box.x, box.y = plan.box_x(box.lane), y
        tallest = max((box.height for box in plan.boxes.values() if box.row == row), default=0)
        y += LINE_ROW if row in line_rows else tallest + GAP
    plan.bottom = y


def _arrows(protocol: Protocol, plan: Layout) -> None:
    tracks = Tracks(plan)
    for box in plan.boxes.values():
        found = [(name, is_line) for name, is_line in dict.fromkeys(starts(protocol, box.step))]
        found = [(name, is_line) for name, is_line in found if is_line or name in plan.boxes]
        for place, (name, is_line) in enumerate(found):
            spread = (place - (len(found) - 1) / 2) * 26
            points = (
                _from_line(plan, tracks, name, box, spread) if is_line else _from_box(plan, tracks, name, box, spread)
            )
            plan.arrows.append(Arrow(points))
    for name, line in plan.lines.items():
        for _, part in parts(protocol.milestones[name]) if line.milestone else ():
            if isinstance(part, After) and part.step in plan.boxes:
                source = plan.boxes[part.step]
                plan.arrows.append(Arrow([(source.middle, source.bottom), (source.middle, line.y)]))


class Tracks:
    """Free places for upright lines in the gutters, so that two never lie on each other."""

    def __init__(self, plan: Layout) -> None:
        self.plan = plan
        self.taken: dict[int, list[tuple[int, float, float]]] = {}

    def x(self, lane: int, top: float, bottom: float) -> float:
        others = self.taken.setdefault(lane, [])
        track = 0
        while any(there == track and top < end and start < bottom for there, start, end in others):
            track += 1
        others.append((track, top, bottom))
        return self.plan.box_x(lane) - 13 - 7 * track


def _from_line(plan: Layout, tracks: Tracks, name: str, box: Box, spread: float) -> list[tuple[float, float]]:
    line = plan.lines[name]
    if plan.clear(box.lane, line.row, box.row):
        return [(box.middle + spread, line.y), (box.middle + spread, box.y)]
    entry = box.y + box.height / 2 + spread / 3
    x = tracks.x(box.lane, line.y, entry)
    return [(x, line.y), (x, entry), (box.x, entry)]


def _from_box(plan: Layout, tracks: Tracks, name: str, box: Box, spread: float) -> list[tuple[float, float]]:
    source = plan.boxes[name]
    # the level lines of a row run below its tallest box; two steps that both lead on keep them apart
    level = max(other.bottom for other in plan.boxes.values() if other.row == source.row) + 9 + 5 * (source.lane % 3)
    if plan.clear(box.lane, source.row, box.row):
        if source.lane == box.lane:
            return [(source.middle + spread, source.bottom), (source.middle + spread, box.y)]
        x = box.middle + spread
        return [(source.middle, source.bottom), (source.middle, level), (x, level), (x, box.y)]
    entry = box.y + box.height / 2 + spread / 3
    x = tracks.x(box.lane, level, entry)
    return [(source.middle, source.bottom), (source.middle, level), (x, level), (x, entry), (box.x, entry)]
