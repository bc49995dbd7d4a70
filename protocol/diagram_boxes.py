"""The boxes of the diagram: a step's name, when it is due, and marks for four eyes and repetition."""

from __future__ import annotations

from typing import NamedTuple
from xml.sax.saxutils import escape

from protocol.diagram_layout import BOX, Box
from protocol.diagram_text import broken, text_at, width_of
from protocol.diagram_words import DiagramWords
from protocol.language import Protocol, Rule, Step
from protocol.rule_words import distance, same_but_number
from protocol.variants import in_class

INK, DARK, QUIET, EDGE = "#0b4f4a", "#14302d", "#4d6360", "#c3cfcc"
NAME, DUE = 13, 11
NAME_LINE, DUE_LINE = 16, 14


class Lines(NamedTuple):
    """What a box says, line by line."""

    name: list[str]
    due: list[str]
    mark: str

    @property
    def height(self) -> float:
        return max(44, 20 + NAME_LINE * len(self.name) + DUE_LINE * len(self.due))


class Boxes:
    """Draws the steps of one protocol."""

    def __init__(self, protocol: Protocol, words: DiagramWords) -> None:
        self.protocol, self.words = protocol, words
        self.classes = protocol.notice.classes if protocol.notice else ()

    def lines(self, step: Step) -> Lines:
        mark = self.mark(step)
        name = broken(self.words.text(step.name), NAME, BOX - 24, 4, bold=True)
        return Lines(name, broken(self.due(step), DUE, BOX - 24, 4), mark)

    def height(self, step: Step) -> float:
        return self.lines(step).height

    def drawn(self, box: Box, dashed: bool = False) -> str:
        lines = self.lines(box.step)
        closing = box.key == self.protocol.closing_step
        dash, stroke = (' stroke-dasharray="4 3"', INK) if dashed else ("", INK if closing else EDGE)
        out = [
            f"<g><title>{escape(self.described(box.step))}</title>",
            f'<rect x="{box.x:g}" y="{box.y:g}" width="{BOX}" height="{box.height:g}" rx="5" fill="#ffffff" '
            f'stroke="{stroke}" stroke-width="{1.6 if closing else 1.1}"{dash}/>',
        ]
        if not dashed:
            out.append(
                f'<rect x="{box.x:g}" y="{box.y + 6:g}" width="3" height="{box.height - 12:g}" rx="1.5" fill="{INK}"/>'
            )
        y = box.y + (box.height - NAME_LINE * len(lines.name) - DUE_LINE * len(lines.due)) / 2 + 12
        out += [text_at(box.x + 13, y + NAME_LINE * n, row, NAME, DARK, True) for n, row in enumerate(lines.name)]
        y += NAME_LINE * len(lines.name)
        out += [text_at(box.x + 13, y + DUE_LINE * n, row, DUE, QUIET) for n, row in enumerate(lines.due)]
        return "".join([*out, self.marks(box, lines.mark), "</g>"])

    def marks(self, box: Box, mark: str) -> str:
        """On the upper edge, so that names keep their room: how often, and two dots for four eyes."""
        right, out = box.x + BOX - 8, ""
        for wide, said in ((width_of(mark, DUE, True) if mark else 0, mark), (16 if box.step.four_eyes else 0, "")):
            if wide:
                left = right - wide - 12
                out += f'<rect x="{left:g}" y="{box.y - 9:g}" width="{wide + 12:g}" height="18" rx="9" '
                out += f'fill="#ffffff" stroke="{EDGE}" stroke-width="1.1"/>'
                out += text_at(left + 6, box.y + 4, said, DUE, INK, True) if said else two_dots(left + 10, box.y)
                right = left - 6
        return out

    def mark(self, step: Step) -> str:
        if step.repeat is None:
            return ""
        return f"{len(step.repeat.occurrences)}×" if step.repeat.occurrences else "↻"

    def due(self, step: Step) -> str:
        """When it is due, briefly: “2 · 4 · 10 wd after notification” where only the number differs by notice."""
        rule = step.due
        if rule is None and step.repeat is not None:
            rule = step.repeat.occurrences[0] if step.repeat.occurrences else step.repeat.cadence
        if rule is None:
            return ""
        more = " …" if rule is not step.due and step.repeat and len(step.repeat.occurrences) > 1 else ""
        if rule.by_notice is None:
            return self.words.brief.of(rule) + more
        return self._by_notice(rule)

    def _by_notice(self, rule: Rule) -> str:
        rules = [in_class(rule, item.key) for item in self.classes]
        said, last = [one for one in rules if one is not None], rules[-1]
        if last is not None and len(said) > 1 and all(one == last or same_but_number(one, last) for one in said):
            if all(one == last for one in rules):
                return self.words.brief.of(last)
            numbers = " · ".join("–" if one is None else str(distance(one)) for one in rules)
            return self.words.brief.of(last).replace(str(distance(last)), numbers, 1)
        key = next(item.key for item, one in zip(self.classes[::-1], rules[::-1], strict=True) if one is not None)
        name = next(self.words.text(item.name) for item in self.classes if item.key == key)
        return f"{name}: {self.words.brief.of(rule, key)}"

    def described(self, step: Step) -> str:
        """Everything of a step in one sentence, for tooltips and for readers who do not see the picture."""
        words = self.words
        said = [f"{words.text(step.name)}: {words.say('owner')}: {words.text(self.protocol.roles[step.owner].name)}"]
        rules = step.repeat.occurrences if step.repeat else ()
        if step.due is not None and step.due.by_notice:
            said += [f"{words.text(item.name)}: {words.full.of(step.due, item.key)}" for item in self.classes]
        elif step.due is not None:
            said.append(f"{words.say('due')} {words.full.of(step.due)}")
        elif rules:
            said.append(f"{words.say('repeat', len(rules))}: {words.full.of(rules[0])} …")
        if step.four_eyes:
            said.append(words.say("four_eyes"))
        return "; ".join(said)


def two_dots(x: float, y: float) -> str:
    """The mark of four eyes: one decides, a second one looks."""
    ring = f'<circle cx="{x:g}" cy="{y:g}" r="3.4" fill="none" stroke="{INK}" stroke-width="1.4"/>'
    return f'{ring}<circle cx="{x + 8:g}" cy="{y:g}" r="3.4" fill="{INK}"/>'
