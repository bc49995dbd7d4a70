"""`sluis admin-link`: the first administrator, and nobody after that."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from casework import clock, own_account
from casework.settings import settings
from casework.staff import everybody
from casework.upgrade import open_database
from cli.main import app
from demo.play import establish as founded
from tests.cli.intake_app import home

__all__ = ["home"]


def sluis(*words: str) -> Any:
    return CliRunner().invoke(app, words)


def test_the_first_administrator_gets_a_link_that_works_once(home: Path) -> None:
    done = sluis("admin-link", "--email", "beheer@fictiestad.example")
    assert done.exit_code == 0 and "/invitation/" in done.stdout
    secret = done.stdout.split("/invitation/")[1].split()[0]
    db = open_database(settings(home=home))
    owner = own_account.of_link(db, secret, clock.real_now())
    assert owner is not None and owner.kind == "first" and owner.member.email == "beheer@fictiestad.example"
    db.close()


def test_an_administrator_who_lost_everything_gets_a_new_link_on_the_machine_itself(home: Path) -> None:
    sluis("admin-link", "--email", "beheer@fictiestad.example")
    db = open_database(settings(home=home))
    (member,) = everybody(db, "administrator")
    db.close()
    done = sluis("admin-link", "--lost", member.id)
    assert done.exit_code == 0 and "/invitation/" in done.stdout
    assert sluis("admin-link", "--lost", "nobody").exit_code == 1


def test_a_demo_has_no_administrator_to_begin_with(home: Path) -> None:
    db = open_database(settings(home=home))
    founded(db, dt.datetime(2026, 9, 1, tzinfo=dt.UTC))
    db.close()
    done = sluis("admin-link")
    assert done.exit_code == 1 and "invitation" in done.stderr
