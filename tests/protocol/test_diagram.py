"""The picture of a protocol: complete, readable without seeing it, and with nothing lying on anything else."""

from __future__ import annotations

from itertools import combinations, pairwise, product
from pathlib import Path
from xml.etree import ElementTree

import pytest

from protocol.diagram import svg
from protocol.diagram_boxes import Boxes
from protocol.diagram_layout import BOX, Layout, layout
from protocol.diagram_text import broken, width_of
from protocol.diagram_words import DiagramWords
from protocol.language import Protocol
from protocol.parse import load, read
from protocol.reference_example import EXAMPLE

HERE = Path(__file__).parent
DEFINITIONS = sorted((HERE.parents[1] / "protocol" / "definitions").glob("*.yaml"))
SVG = "{http://www.w3.org/2000/svg}"


def protocols() -> dict[str, Protocol]:
    found = {path.stem: load(path) for path in [*DEFINITIONS, HERE / "broken" / "base.yaml"]}
    return {**found, "example": read(EXAMPLE, "example.yaml")}


PROTOCOLS = protocols()
PICTURES = [(name, language) for name, protocol in PROTOCOLS.items() for language in protocol.languages]


def laid_out(protocol: Protocol, language: str) -> Layout:
    return layout(protocol, Boxes(protocol, DiagramWords(protocol, language)).height)


def said(picture: str) -> str:
    return " ".join("".join(text.itertext()) for text in ElementTree.fromstring(picture).iter(f"{SVG}text"))


@pytest.mark.parametrize(("name", "language"), PICTURES)
def test_every_step_role_and_date_stands_in_the_picture_in_the_chosen_language(name: str, language: str) -> None:
    protocol = PROTOCOLS[name]
    text = said(svg(protocol, language))
    for step in protocol.steps.values():
        for word in step.name[language].split():
            assert word in text
        assert protocol.roles[step.owner].name[language].split()[0] in text
    assert protocol.version in text


@pytest.mark.parametrize(("name", "language"), PICTURES)
def test_the_picture_can_be_read_without_seeing_it(name: str, language: str) -> None:
    protocol = PROTOCOLS[name]
    root = ElementTree.fromstring(svg(protocol, language))
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("role") == "img" and root.get("aria-labelledby") == "title desc" and root.get("lang") == language
    assert title is not None and protocol.title[language] in (title.text or "")
    assert desc is not None and all(step.name[language] in (desc.text or "") for step in protocol.steps.values())


@pytest.mark.parametrize("name", PROTOCOLS)
def test_nothing_is_loaded_from_elsewhere(name: str) -> None:
    picture = svg(PROTOCOLS[name]).replace('xmlns="http://www.w3.org/2000/svg"', "")
    for outside in ("http", "href", "url(h", "@import", "<script", "<image", "<style", "<foreignObject"):
        assert outside not in picture


@pytest.mark.parametrize(("name", "language"), PICTURES)
def test_no_box_lies_on_another(name: str, language: str) -> None:
    for one, other in combinations(laid_out(PROTOCOLS[name], language).boxes.values(), 2):
        apart = one.x + BOX <= other.x or other.x + BOX <= one.x or one.bottom <= other.y or other.bottom <= one.y
        assert apart, f"{one.key} and {other.key}"


@pytest.mark.parametrize(("name", "language"), PICTURES)
def test_no_arrow_runs_through_a_box(name: str, language: str) -> None:
    plan = laid_out(PROTOCOLS[name], language)
    for arrow, box in product(plan.arrows, plan.boxes.values()):
        for (x1, y1), (x2, y2) in pairwise(arrow.points):
            beside = max(x1, x2) <= box.x or min(x1, x2) >= box.x + BOX
            over = max(y1, y2) <= box.y or min(y1, y2) >= box.bottom
            assert beside or over, f"an arrow runs through {box.key}: {arrow.points}"


@pytest.mark.parametrize(("name", "language"), PICTURES)
def test_a_step_stands_below_what_it_begins_after(name: str, language: str) -> None:
    for arrow in laid_out(PROTOCOLS[name], language).arrows:
        assert arrow.points[0][1] < arrow.points[-1][1]


def test_two_upright_lines_never_lie_on_each_other() -> None:
    plan = laid_out(PROTOCOLS["mechelen"], "en")
    upright = [(a, b, at) for at, arrow in enumerate(plan.arrows) for a, b in pairwise(arrow.points) if a[0] == b[0]]
    for (a, b, one), (c, d, other) in combinations(upright, 2):
        starts_alike = plan.arrows[one].points[0] == plan.arrows[other].points[0]
        if one != other and a[0] == c[0] and not starts_alike:
            assert b[1] <= c[1] or d[1] <= a[1]


def test_a_language_the_protocol_lacks_is_drawn_in_its_first() -> None:
    assert svg(PROTOCOLS["example"], "de") == svg(PROTOCOLS["example"], "en") == svg(PROTOCOLS["example"])


def test_a_step_of_two_people_and_a_repeated_one_are_marked() -> None:
    picture = svg(PROTOCOLS["mechelen"], "en")
    assert "12×" in picture
    assert "two people, of two services, decide" in picture


def test_what_an_event_opens_is_joined_by_a_dashed_arrow() -> None:
    picture = svg(
        read(
            EXAMPLE.replace("    does:\n", "    does:\n      - open: {step: call}\n").replace("\nvariants:", CALL),
            "x.yaml",
        )
    )
    assert "Death" in said(picture) and "Call the family" in said(picture)
    assert 'stroke-dasharray="5 4" marker-end' in picture


CALL = """
  call:
    name: {en: Call the family, nl: De familie bellen}
    owner: worker
    duty: true
    due: {working_days: 1, after: event}
    source: working paper, art. 7

variants:"""


def test_text_is_broken_where_it_does_not_fit() -> None:
    lines = broken("one two three four five six seven", 12, 80, most=2)
    assert len(lines) == 2 and lines[-1].endswith("…")
    assert all(width_of(line, 12) <= 80 for line in lines)


def test_signs_of_markup_in_a_text_stay_text() -> None:
    picture = svg(read(EXAMPLE.replace("{en: Prison visit,", "{en: 'Visit <b>&\"',"), "x.yaml"))
    assert 'Visit <b>&"' in said(picture)
