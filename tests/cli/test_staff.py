"""`sluis staff`: a city fills its list before anybody can sign in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import staff
from tests.cli.intake_app import home

__all__ = ["home"]
pytestmark = pytest.mark.usefixtures("home")
SHEET = """naam;rollen;dienst;e-mailadres;talen;gevangenis
Nora Verzonnen;trajectbegeleider;social;nora@stad.example;nl, fr;
Piet Fictief;Contactpersoon gevangenis;prison;piet@stad.example;nl;
Karel Fictief;koning;;geen adres;nl;
"""


def sluis(*words: object, code: int = 0) -> Any:
    done = CliRunner().invoke(staff.app, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def test_a_colleague_is_added_and_listed() -> None:
    words = ("--name", "Cato Verzonnen", "--role", "coordinator", "--service", "prevention")
    made = sluis("add", *words, "--json")["id"]
    (row,) = sluis("list", "--json")["staff"]
    assert row == {
        "id": made, "name": "Cato Verzonnen", "roles": ["coordinator"], "service": "prevention", "account": "none",
    }  # fmt: skip


def test_a_sheet_of_colleagues_is_taken_in_row_by_row(tmp_path: Path) -> None:
    file = tmp_path / "staff.csv"
    file.write_text(SHEET, "utf-8")
    rows = sluis("import", file, "--json", code=3)["rows"]
    assert [row["outcome"] for row in rows] == ["added", "refused", "refused"]
    assert [fault["field"] for fault in rows[1]["faults"]] == ["prison"]
    assert {fault["field"] for fault in rows[2]["faults"]} == {"roles", "service", "email"}
    assert [row["name"] for row in sluis("list", "--json")["staff"]] == ["Nora Verzonnen"]


def test_a_sheet_without_its_headings_is_refused_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "staff.csv"
    file.write_text("naam;taal;telefoon\nNora;nl;1\n", "utf-8")
    problem = sluis("import", file, "--json", code=3)["problem"]
    assert "roles" in problem["rule"] and problem["remedy"]
