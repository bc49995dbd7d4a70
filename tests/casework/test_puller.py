"""Pulling notifications page by page from a real server: it resumes, it is patient, it comes to an end."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from casework.puller import PullReport
from tests.casework.misbehaving_server import (
    Behaviour,
    Handler,
    Pulling,
    Server,
    cut_off,
    dripping,
    hang_up,
    page,
    rule,
    says,
    serving,
    silent,
)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


# --- paging -------------------------------------------------------------------------------------------------------


def test_pages_are_handed_over_in_order_until_the_last(server: Server) -> None:
    server.script = [page("c-1", {"n": 1}, {"n": 2}), page("c-2"), page(None, {"n": 3})]
    pulling = Pulling(server)
    assert pulling() == PullReport("c-2", pages=3, notifications=3, finished=True)
    assert pulling.pages == [[{"n": 1}, {"n": 2}], [], [{"n": 3}]]
    assert pulling.advanced == ["c-1", "c-2"]
    assert server.asked == [f"/v1/notifications{after}" for after in ("", "?after=c-1", "?after=c-2")]


def test_a_pull_resumes_where_the_last_one_stopped(server: Server) -> None:
    server.script = [page("c-1", {"n": 1}), says(404)]
    stopped = Pulling(server)()
    assert (stopped.cursor, stopped.pages, stopped.finished) == ("c-1", 1, False)
    assert "404" in rule(stopped)
    server.script = [page(None, {"n": 2})]
    pulling = Pulling(server)
    assert pulling(stopped.cursor).finished
    assert pulling.pages == [[{"n": 2}]]
    assert server.asked[-1].endswith("?after=c-1")


def test_a_page_that_could_not_be_received_does_not_advance_the_cursor(server: Server) -> None:
    server.script = [page("c-1", {"n": 1}), page("c-2", {"n": 2}), page(None)]
    pulling = Pulling(server)

    def receive(items: list[dict[str, Any]]) -> None:
        if items == [{"n": 2}]:
            raise OSError("the database is away")

    with pytest.raises(OSError, match="database is away"):
        pulling(receive=receive)
    assert pulling.advanced == ["c-1"]


def test_rows_that_come_twice_are_handed_over_twice(server: Server) -> None:
    server.script = [page("c-1", {"n": 1}), page("c-2", {"n": 1}), page(None)]
    assert Pulling(server)().notifications == 2


@pytest.mark.parametrize("script", [["c-1", "c-1"], ["c-1", "c-2", "c-1"]])
def test_a_cursor_that_comes_back_stops_the_pull(server: Server, script: list[str]) -> None:
    server.script = [page(cursor, {"n": 1}) for cursor in script]
    report = Pulling(server)()
    assert "cursor of its own" in rule(report)
    assert report.pages == len(script)


def test_an_interface_that_never_ends_is_left_after_so_many_pages(server: Server) -> None:
    server.script = [page(f"c-{number}") for number in range(10)]
    assert Pulling(server, max_pages=4)() == PullReport("c-3", pages=4)


def test_a_row_that_is_no_object_keeps_its_place_as_an_empty_one(server: Server) -> None:
    server.script = [page(None, {"n": 1}, "Verzonnen", {"n": 3})]
    pulling = Pulling(server)
    pulling()
    assert pulling.pages == [[{"n": 1}, {}, {"n": 3}]]


# --- patience -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        silent,
        cut_off,
        hang_up,
        says(500),
        says(503),
        says(429),
        says(200, b'{"notifications": [{"fam'),
        says(200, b"\xff"),
    ],
)
def test_passing_trouble_is_tried_again_and_then_forgotten(server: Server, trouble: Behaviour) -> None:
    server.script = [page("c-1", {"n": 1}), trouble, trouble, page(None, {"n": 2})]
    pulling = Pulling(server, read_timeout=0.5)
    assert pulling() == PullReport("c-1", pages=2, notifications=2, retries=2, finished=True)
    assert pulling.pages == [[{"n": 1}], [{"n": 2}]]


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (silent, "silence of 0.5 seconds"),
        (cut_off, "answer to the end"),
        (hang_up, "answer to the end"),
        (says(500), "200, not 500"),
        (says(200, b'{"notifications": NaN}'), "valid JSON"),
    ],
)
def test_lasting_trouble_is_told_after_the_last_attempt(server: Server, trouble: Behaviour, words: str) -> None:
    server.script = [trouble]
    report = Pulling(server, attempts=3, read_timeout=0.5)("c-1")
    assert words in rule(report)
    assert (len(server.asked), report.retries, report.cursor, report.pages) == (3, 2, "c-1", 0)


def test_the_waits_double_up_to_the_longest_with_jitter(server: Server) -> None:
    server.script = [says(500)]
    pulling = Pulling(server, attempts=6, first_wait=1, longest_wait=5)
    pulling()
    assert pulling.waits == [1, 2, 4, 5, 5]
    pulling(chance=lambda: 0.0)
    assert pulling.waits[5:] == [0.5, 1, 2, 2.5, 2.5]


@pytest.mark.parametrize(
    "headers",
    [{"Retry_After": "7"}, {"Retry_After": "Mon, 23 Nov 2026 10:00:07 GMT", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"}],
)
def test_the_interface_may_say_how_long_to_wait(server: Server, headers: dict[str, str]) -> None:
    def busy(handler: Handler) -> None:
        handler.date_time_string = lambda *_: headers.get("Date", "")  # type: ignore[method-assign]
        handler.answer(503, Retry_After=headers["Retry_After"])

    server.script = [busy, page(None)]
    pulling = Pulling(server)
    assert pulling().finished
    assert pulling.waits == [7]


def test_who_asks_to_be_left_alone_for_long_is_left_alone(server: Server) -> None:
    server.script = [says(429, Retry_After="3600")]
    report = Pulling(server)()
    assert (report.retry_after, len(server.asked)) == (3600, 1)
    assert "429" in rule(report)


@pytest.mark.parametrize("told", ["soon", "-5", "Mon, 99 Nov", "9" * 30])
def test_a_wait_that_makes_no_sense_is_overlooked(server: Server, told: str) -> None:
    server.script = [says(503, Retry_After=told), page(None)]
    pulling = Pulling(server)
    assert pulling().finished
    assert pulling.waits == [1]


def test_an_answer_that_drips_is_cut_off_by_the_total_time(server: Server) -> None:
    server.script = [page("c-1"), dripping]
    began = time.monotonic()
    report = Pulling(server, total_timeout=1)()
    assert "within 1 seconds" in rule(report)
    assert (report.cursor, report.pages) == ("c-1", 1)
    assert time.monotonic() - began < 4


def test_no_wait_goes_beyond_the_total_time(server: Server) -> None:
    server.script = [says(503, Retry_After="50")]
    pulling = Pulling(server, total_timeout=30)
    assert "within 30 seconds" in rule(pulling())
    assert pulling.waits == []
