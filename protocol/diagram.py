"""A protocol as a picture: a calm SVG that stands on its own, with nothing loaded from elsewhere.

Lanes are the accountable roles; boxes the steps from top to bottom; lines across are dates. Full arrows say what a
step begins after, dashed ones which duties events and outcomes open.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from protocol.book import Book
from protocol.diagram_boxes import DARK, EDGE, INK, QUIET, Boxes, two_dots
from protocol.diagram_layout import BOX, DATES, LANE, LEFT, TOP, Box, DateLine, Layout, layout
from protocol.diagram_text import broken, path, text_at, width_of
from protocol.diagram_words import DiagramWords
from protocol.language import Open, Protocol, Step

GROUND, BAND, ARROW = "#f4f6f5", "#eaefed", "#5f8580"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def svg(protocol: Protocol, language: str = "") -> str:
    """The whole picture. `language`: one of the protocol's; the first one else."""
    chosen = language if language in protocol.languages else protocol.languages[0]
    return _Picture(protocol, DiagramWords(protocol, chosen)).drawn()


class _Picture:
    """Draws from top to bottom; `y` is how far down it got."""

    def __init__(self, protocol: Protocol, words: DiagramWords) -> None:
        self.protocol, self.words, self.book = protocol, words, Book(protocol)
        self.boxes = Boxes(protocol, words)
        self.plan: Layout = layout(protocol, self.boxes.height)
        self.out: list[str] = []
        self.y = self.lanes_end = self.plan.bottom
        self.right = self.plan.width - LEFT

    def drawn(self) -> str:
        self.steps()
        self.duties()
        self.notes()
        self.legend()
        return "\n".join([*self.opening(), *self.lanes(), *self.out, "</svg>", ""])

    def opening(self) -> list[str]:
        protocol, words = self.protocol, self.words
        duties = sum(step.duty for step in protocol.steps.values())
        version = f"{words.say('version')} {protocol.version}"
        told = words.say("desc", len(protocol.steps) - duties, duties, len(self.plan.lanes))
        steps = " ".join(f"{self.boxes.described(step)}." for step in protocol.steps.values())
        width, height = round(self.plan.width), round(self.y)
        return [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img" aria-labelledby="title desc" lang={quoteattr(words.language)} font-family="{FONT}">',
            f'<title id="title">{escape(f"{words.text(protocol.title)}, {version}")}</title>',
            f'<desc id="desc">{escape(f"{told} {steps}")}</desc>',
            '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7.2" refY="4" markerWidth="7" markerHeight="7" '
            f'orient="auto"><path d="M0.6 0.8 7.4 4 0.6 7.2z" fill="{ARROW}"/></marker></defs>',
            f'<rect width="{width}" height="{height}" fill="{GROUND}"/>',
            text_at(LEFT, 46, words.text(protocol.title), 22, INK, True),
            text_at(LEFT, 70, f"{version} · {words.say(protocol.status)}", 13, QUIET),
        ]

    def lanes(self) -> list[str]:
        """A band and a heading per role; made last, because only then it is known how far down they reach."""
        drawn = [text_at(LEFT, TOP - 24, self.words.say("dates"), 13, INK, True)]
        for at, role in enumerate(self.plan.lanes):
            x, height = self.plan.lane_x(at), self.lanes_end - TOP + 46
            if at % 2 == 0:
                drawn.append(f'<rect x="{x}" y="{TOP - 46}" width="{LANE}" height="{height:g}" fill="{BAND}" rx="6"/>')
            name = self.words.text(self.protocol.roles[role].name)
            for n, line in enumerate(broken(name, 13, BOX, 2, bold=True)):
                drawn.append(text_at(self.plan.box_x(at), TOP - 24 + 16 * n, line, 13, INK, True))
        return drawn

    def steps(self) -> None:
        self.out += [self.line(line) for line in self.plan.lines.values()]
        self.out += [path(arrow.points, ARROW) for arrow in self.plan.arrows]
        self.out += [self.boxes.drawn(box) for box in self.plan.boxes.values()]

    def line(self, line: DateLine) -> str:
        """A date is a full line, a point in the case a dotted one."""
        name = self.protocol.milestones[line.key].name if line.milestone else self.protocol.anchors[line.key].name
        fill, ink = (GROUND, INK) if line.milestone else (INK, "#ffffff")
        rows = broken(self.words.text(name), 12, DATES - 46, 2, bold=True)
        height = 12 + 15 * len(rows)
        dots = ' stroke-dasharray="1 5" stroke-linecap="round"' if line.milestone else ""
        drawn = [
            f'<path d="M{LEFT + DATES - 20} {line.y:g}H{self.right:g}" stroke="{INK}" stroke-width="1.3"{dots}/>',
            f'<rect x="{LEFT}" y="{line.y - height / 2:g}" width="{DATES - 20}" height="{height}" rx="13" '
            f'fill="{fill}" stroke="{INK}" stroke-width="1.3"/>',
        ]
        y = line.y - 7.5 * (len(rows) - 1) + 4
        drawn += [text_at(LEFT + 14, y + 15 * n, row, 12, ink, True) for n, row in enumerate(rows)]
        return "<g>" + "".join(drawn) + "</g>"

    def rule_off(self) -> None:
        self.out.append(f'<path d="M{LEFT} {self.y:g}H{self.right:g}" stroke="{EDGE}" stroke-width="1"/>')

    def duties(self) -> None:
        """One row per duty: what opens it on the left, the duty in its lane."""
        duties = {key: step for key, step in self.protocol.steps.items() if step.duty}
        if not duties:
            return
        self.y += 14
        self.rule_off()
        self.out.append(text_at(LEFT, self.y + 32, self.words.say("duties"), 15, INK, True))
        self.y += 54
        for key, step in duties.items():
            self.duty(key, step)
        self.lanes_end = self.y

    def duty(self, key: str, step: Step) -> None:
        rows = [line for name in self.openers(key) for line in broken(name, 11.5, DATES - 24, 2)] or ["–"]
        tall = self.boxes.height(step)
        height = max(tall, 15 * len(rows) + 4)
        middle, lane = self.y + height / 2, self.plan.lanes.index(step.owner)
        box = Box(key, step, lane, 0, self.plan.box_x(lane), middle - tall / 2, tall)
        y = middle - 7.5 * (len(rows) - 1) + 4
        self.out += [text_at(LEFT, y + 15 * n, row, 11.5, DARK) for n, row in enumerate(rows)]
        self.out.append(path([(LEFT + DATES - 14, middle), (box.x, middle)], ARROW, dashed=True))
        self.out.append(self.boxes.drawn(box, dashed=True))
        self.y += height + 14

    def openers(self, key: str) -> list[str]:
        """The names of the events, dates and steps that open a duty."""
        found = [self.home(path) for path, part in self.book.everything if isinstance(part, Open) and part.step == key]
        found += [self.words.text(place.step.name) for place, eyes in self.book.four_eyes if eyes.then == key]
        return [name for name in dict.fromkeys(found) if name != self.words.full.step(key)]

    def home(self, path: tuple[str | int, ...]) -> str:
        kind, key = str(path[0]), str(path[1])
        if kind == "events":
            return self.words.text(self.protocol.events[key].name)
        if kind == "anchors":
            return self.words.text(self.protocol.anchors[key].name)
        return self.words.full.step(str(path[3]) if kind == "variants" else key)

    def notes(self) -> None:
        """Below, in three columns: what other events do, and what differs for some cases."""
        events = [(self.words.text(event.name), self.words.effects(event)) for event in self.protocol.events.values()]
        events = [entry for entry in events if entry[1]]
        variants = [(self.words.text(item.name), self.words.differs(item)) for item in self.protocol.variants.values()]
        half = (len(events) + 1) // 2
        columns = [("events", events[:half]), ("", events[half:]), ("variants", [v for v in variants if v[1]])]
        columns = [column for column in columns if column[1]]
        if not columns:
            return
        self.y += 14
        self.rule_off()
        room = (self.right - LEFT) / 3
        self.y = max(self.column(LEFT + n * room, room - 32, *column) for n, column in enumerate(columns))

    def column(self, x: float, room: float, heading: str, entries: list[tuple[str, str]]) -> float:
        y = self.y + 32
        if heading:
            self.out.append(text_at(x, y, self.words.say(heading), 15, INK, True))
        for name, said in entries:
            y += 28
            self.out.append(text_at(x, y, name, 12, DARK, True))
            for row in broken(said, 12, room, 7):
                y += 16
                self.out.append(text_at(x, y, row, 12, QUIET))
        return y + 26

    def legend(self) -> None:
        self.rule_off()
        x, y, words = float(LEFT), self.y + 26, self.words
        for dashed, key in ((False, "line"), (True, "dashed")):
            self.out.append(path([(x, y - 4), (x + 28, y - 4)], ARROW, dashed))
            x = self.note(x + 36, y, words.say(key))
        self.out.append(two_dots(x + 4, y - 4))
        self.note(x + 24, y, words.say("four_eyes"))
        units = [words.say("units")]
        if self.protocol.notice:
            classes = " · ".join(words.text(item.name) for item in self.protocol.notice.classes)
            units.append(f"1 · 2 · 3: {classes}" if len(self.protocol.notice.classes) == 3 else classes)
        self.note(LEFT, y + 22, "   ·   ".join(units))
        self.y = y + 44

    def note(self, x: float, y: float, said: str) -> float:
        self.out.append(text_at(x, y, said, 11.5, QUIET))
        return x + width_of(said, 11.5) + 16
