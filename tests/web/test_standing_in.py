"""Absence: tasks and access move together to the substitute for the dated period, and come back by themselves."""

import datetime as dt
from collections.abc import Callable

import pytest

from casework import clock, staff
from casework.cases import perform
from casework.db import Database
from casework.errors import NotFound
from casework.lists import tasks_for
from casework.reading import case_for
from casework.staff import actor_for
from models.people import Staff
from protocol.commands import SYSTEM, CompleteStep
from tests.casework.helpers import T0, assigned_case, later, new_case
from tests.flows.partnership import open_now
from tests.personas import ADDED
from tests.web.conftest import Browser

TODAY = T0.date()
As = Callable[..., Browser]


def give_substitutes(db: Database, member: str, **roles: list[str]) -> None:
    found = next(each for each in staff.everybody(db) if each.id == member)
    staff.save(db, [Staff(**{**found.model_dump(), "substitutes": roles})], SYSTEM, at=ADDED)


def away(db: Database, who: str, days: int = 3) -> None:
    """From today on, so many days more."""
    staff.record_absence(db, who, TODAY, TODAY + dt.timedelta(days=days), SYSTEM, at=T0)


CONTACT = {"leaflet": "yes", "language": "nl", "choice": "yes"}


def test_tasks_and_access_move_with_the_absence_and_come_back(db: Database, as_: As) -> None:
    ref = assigned_case(db).ref
    give_substitutes(db, "s-lena", lead_worker=["s-lars"])
    assert as_("s-lars").get(f"/cases/{ref}").status_code == 404
    away(db, "s-lena")
    lars = as_("s-lars")
    page = lars.get("/tasks").text
    assert (
        ref in page
        and "for Lena Imaginair, away until 13\u00a0Nov" in page
        and "You stand in for Lena Imaginair" in page
    )
    assert lars.get(f"/cases/{ref}").status_code == 200 and ref in lars.get("/my-cases").text
    step = open_now(db, ref, "contact").replace("#", ".")
    form = lars.get(f"/cases/{ref}/steps/{step}").text
    fields = {f"f.{key}": value for key, value in CONTACT.items()} | {"occurred_on": TODAY.isoformat()}
    sent = lars.post(f"/cases/{ref}/steps/{step}/complete", {**fields, "command": lars.hidden(form, "command")})
    assert sent.status_code == 303, sent.text
    clock.set_to(later(days=4))
    lars = as_("s-lars")
    assert lars.get(f"/cases/{ref}").status_code == 404 and ref not in lars.get("/tasks").text
    assert ref in as_("s-lena").get("/tasks").text


def test_an_absence_that_ends_early_takes_everything_back_at_once(db: Database, as_: As) -> None:
    ref = assigned_case(db).ref
    give_substitutes(db, "s-lena", lead_worker=["s-lars"])
    away(db, "s-lena", 30)
    assert as_("s-lars").get(f"/cases/{ref}").status_code == 200
    with db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM absence")
    assert as_("s-lars").get(f"/cases/{ref}").status_code == 404


def test_the_first_present_substitute_and_nobody_else(db: Database, as_: As) -> None:
    ref = assigned_case(db).ref
    give_substitutes(db, "s-lena", lead_worker=["s-lars", "s-sara"])
    away(db, "s-lena", 10)
    assert as_("s-sara").get(f"/cases/{ref}").status_code == 404
    away(db, "s-lars", 5)
    assert as_("s-sara").get(f"/cases/{ref}").status_code == 200
    assert as_("s-lars").get(f"/cases/{ref}").status_code == 404, "who is away stands in for nobody"


def test_without_a_substitute_the_deputy_of_the_case_does_the_work(db: Database, as_: As) -> None:
    ref = assigned_case(db).ref
    step = open_now(db, ref, "contact")
    mine = {task.id for task in tasks_for(db, actor_for(db, "s-dora"), at=T0).tasks}
    away(db, "s-lena")
    hers = {task.id for task in tasks_for(db, actor_for(db, "s-dora", T0), at=T0).tasks}
    assert step in hers and step not in mine
    done = CompleteStep(id=step, occurred_on=TODAY, fields=CONTACT)
    assert perform(db, actor_for(db, "s-dora", T0), ref, done, "by-dora", T0).events


def test_a_stand_in_takes_no_more_than_the_role_they_stand_in_for(db: Database, as_: As) -> None:
    """Somebody who is a substitute as lead worker gets the cases led, not those of another role."""
    ref = new_case(db, 2).ref
    give_substitutes(db, "s-piet", lead_worker=["s-omar"])
    away(db, "s-piet")
    with pytest.raises(NotFound):
        case_for(db, actor_for(db, "s-omar", T0), ref, T0)


def test_two_services_stay_two(db: Database, as_: As) -> None:
    """The first substitute, and the first of another service, may decide second; the engine refuses the same service."""
    give_substitutes(db, "s-paul", second_police=["s-ilse", "s-sara", "s-dirk"])
    away(db, "s-paul")
    ids = {
        each.id for each in staff.everybody(db) if ("s-paul", "second_police") in actor_for(db, each.id, T0).stands_for
    }
    services = {each.service for each in staff.everybody(db) if each.id in ids}
    assert "s-ilse" in ids and len(ids) == len(services) == 2


def test_the_roles_of_an_absent_coordinator_come_with_the_pages(db: Database, as_: As) -> None:
    give_substitutes(db, "s-cora", coordinator=["s-lars"])
    assert as_("s-lars").get("/overview").status_code == 403
    away(db, "s-cora")
    assert as_("s-lars").get("/overview").status_code == 200
    clock.set_to(later(days=4))
    assert as_("s-lars").get("/overview").status_code == 403
