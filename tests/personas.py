"""The people of a fictional partnership, with and without access. Ids are opaque; names are made up."""

import datetime as dt

from casework import protocols, staff
from casework.cases import Details
from casework.db import Database
from models.people import Organisation, Staff
from protocol.commands import SYSTEM, Actor

ADDED = dt.datetime(2026, 9, 1, 8, tzinfo=dt.UTC)

PEOPLE = (
    ("s-cora", "Cora Verzonnen", ("coordinator",), "prevention"),
    ("s-dirk", "Dirk Verzonnen", ("deputy_coordinator",), "prevention"),
    ("s-ilse", "Ilse Fictief", ("info_officer",), "police"),
    ("s-paul", "Paul Fictief", ("second_police",), "police"),
    ("s-sara", "Sara Bedacht", ("second_member",), "welfare"),
    ("s-lena", "Lena Imaginair", ("lead_worker",), "social_work"),
    ("s-lars", "Lars Bedacht", ("lead_worker",), "social_work"),
    ("s-dora", "Dora Bedacht", ("deputy_worker", "lead_worker"), "social_work"),
    ("s-piet", "Piet Fictief", ("liaison",), "prison"),
    ("s-vera", "Vera Verzonnen", ("liaison",), "prison"),
    ("s-omar", "Omar Fictief", ("partner_worker",), "ocmw"),
    ("s-yara", "Yara Fictief", ("youth_worker",), "youth"),
    ("s-dana", "Dana Bedacht", ("data_manager",), "data"),
    ("s-frank", "Frank Fictief", ("dpo",), "data"),
    ("s-anna", "Anna Verzonnen", ("auditor",), "audit"),
    ("s-maya", "Maya Fictief", ("mayor",), "mayor"),
)


def _actor(staff_id: str) -> Actor:
    roles, service = next((roles, service) for found, _, roles, service in PEOPLE if found == staff_id)
    return Actor(id=staff_id, roles=roles, service=service)


CORA, DIRK, ILSE, PAUL, SARA, LENA, LARS, DORA, PIET, VERA, OMAR, YARA, DANA, FRANK, ANNA, MAYA = (
    _actor(staff_id) for staff_id, *_ in PEOPLE
)


def settle_in(db: Database) -> None:
    """The partnership at work: its staff, and the protocol in force."""
    staff.save_organisations(db, [Organisation(id="city", name="The city", kind="city")])
    members = [
        Staff(id=staff_id, name=name, roles=list(roles), service=service, organisation="city", added_at=ADDED)
        for staff_id, name, roles, service in PEOPLE
    ]
    staff.save(db, members, SYSTEM, at=ADDED)
    protocols.install_shipped(db, ADDED)


def somebody(number: int = 1, **given: object) -> Details:
    """A fictional person concerned."""
    fields: dict[str, object] = {
        "prison": "Mechelen",
        "reference": f"REF-{number:04d}",
        "family_name": f"Canaryname{number}",
        "given_names": "Robin",
        "birth_date": dt.date(1990, 1, 1) + dt.timedelta(days=number),
        "language": "nl",
        **given,
    }
    return Details(**fields)  # type: ignore[arg-type]
