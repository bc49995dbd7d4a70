"""Every section of the bench runs, on sizes so small that its figures say nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import barrier, filling, group, ledger, lists, pages, report, sweep, transitions
from bench.postgres import Postgres, postgres_server
from bench.sections import SECTIONS, Row, Settings, run_section


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with postgres_server(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture
def rows(section: str, tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    """What a section says of next to nothing."""
    for module, name, value in (
        (transitions, "CONTENDERS", {"sluis": transitions.CONTENDERS["sluis"]}),
        (transitions, "PROBE_SECONDS", 0.02),
        (filling, "STAGES", 3),
        (lists, "SIZES", (20, 40)),
        (lists, "CALLS", 2),
        (lists, "WARM_UP", 1),
        (sweep, "SIZES", (20, 40)),
        (sweep, "DUE", 3),
        (sweep, "CLAIMS", 2),
        (ledger, "SIZES", {"ledger_cases": 3, "judged": (10, 20), "closed_cases": 5}),
        (ledger, "TIMES", 1),
        (ledger, "REPEATED", 1),
        (barrier, "CASES", 10),
        (barrier, "CALLS", 2),
        (barrier, "DONE", 1),
        (pages, "SIZES", (10, 20)),
        (pages, "CALLS", 2),
        (pages, "WARM_UP", 1),
        (group, "SIZES", {"settle": 0.1, "idle": 0.1}),
        (group, "WHOLE", False),
    ):
        monkeypatch.setattr(module, name, value)
    settings = Settings(1, 1, ("sqlite", "postgres"), tmp_path, postgres, lambda _words: None)
    found = run_section(section, settings)
    assert found is not None
    return found


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_measures_everything_it_has_to(section: str, rows: list[Row]) -> None:
    with_targets = {
        "transitions": [],  # the peers have environments of their own, which a test does not make
        "lists": ["SQLite: my tasks", "SQLite: late work", "PostgreSQL: my tasks", "PostgreSQL: late work"],
        "sweep": ["SQLite: a sweep", "PostgreSQL: a sweep"],
        "ledger": [
            *("SQLite: ledger verify", "SQLite: compliance table"),
            *("PostgreSQL: ledger verify", "PostgreSQL: compliance table"),
            *("conformance of a case", "conformance, ms per case"),
        ],
        "barrier": [f"{kind}: {page}" for kind in ("SQLite", "PostgreSQL") for page in ("list page", "case page")],
        "pages": [f"{kind}: {what}" for kind in ("SQLite", "PostgreSQL") for what in ("page of work", "beside")],
        "group": [],
    }
    judged = [row for row in rows if row.reached is not None]
    assert len(rows) > 1
    assert len(judged) == len(with_targets[section])
    for row, beginning in zip(judged, with_targets[section], strict=True):
        assert row.name.startswith(beginning)
        assert row.target


def test_the_page_of_results_shows_each_row() -> None:
    section = {"rows": [Row("a sweep", "1.00 ×", "≤ 1.2 ×", True)], "details": {}}
    page = report.page([report.result_of(5, 60, {"sweep": section})])
    assert "| **The deadline sweep** | | | |" in page
    assert "| a sweep | 1.00 × | ≤ 1.2 × | yes |" in page
