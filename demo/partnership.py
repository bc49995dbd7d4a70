"""The fictional partnership: organisations, prisons and people who do not exist, with names that say so."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from casework.db import Database
from casework.duty import monday_of, save_phone_list, save_weeks
from casework.partnership import DEMO
from casework.priorities import add as add_priority
from casework.prisons import save as save_prison
from casework.staff import record_absence, save, save_organisations
from models.people import Organisation, Staff
from protocol.commands import SYSTEM

ORGANISATIONS = {
    "demo": (DEMO, "Partnerschap Fictiestad (demo)"),
    "city": ("city", "Stad Fictiestad"),
    "police": ("police", "Politiezone Verzonnen"),
    "prison-noord": ("prison", "Prison Noord (fictief)"),
    "prison-zuid": ("prison", "Prison Zuid (fictief)"),
    "welfare": ("welfare", "OCMW Fictiestad"),
    "work": ("work", "Arbeidsbemiddeling Fictiestad"),
}
PRISONS = ("Prison Noord (fictief)", "Prison Zuid (fictief)")


PRISON_CARDS: dict[str, dict[str, Any]] = {
    PRISONS[0]: {
        "hours": "Maandag tot vrijdag 9.00–11.30 en 13.30–16.00 uur, op afspraak\nNiet op de eerste maandag van de maand",
        "address": "Verzonnen Dreef 1\n9999 Fictiestad",
        "entry": "Identiteitskaart meebrengen; gsm en sleutels blijven in een kluisje (munt van 1 euro).\n"
        "Aanbellen aan de witte deur links van de poort. Parkeren voor bezoekers achter het station.",
        "phones": [
            {"what": "Onthaal", "number": "+32 15 00 01 00"},
            {"what": "Afspraken voor bezoek", "number": "+32 15 00 01 01"},
        ],
        "contacts": [
            {"name": "Griet Fictief", "function": "Psychosociale dienst", "phone": "+32 15 00 01 20", "email": "psd@noord.example"},
            {"name": "Nabil Verzonnen", "function": "Justitieel welzijnswerk", "phone": "+32 15 00 01 30", "email": ""},
        ],
    },
    PRISONS[1]: {
        "hours": "Du lundi au vendredi de 8 h 30 à 11 h 30\nLe samedi de 9 h à 11 h, avocats uniquement",
        "address": "Chaussée Imaginaire 200\n9998 Villefictive",
        "entry": "Carte d'identité et ordre de mission. Annoncer la visite la veille avant 15 h.",
        "phones": [{"what": "Greffe", "number": "+32 2 000 02 00"}],
        "contacts": [
            {"name": "Paule Inventée", "function": "Service psychosocial", "phone": "+32 2 000 02 20", "email": "sps@zuid.example"}
        ],
    },
}  # fmt: skip


PRIORITIES = (
    {"nl": "Islamistisch extremisme", "fr": "Extrémisme islamiste", "en": "Islamist extremism"},
    {"nl": "Verzet tegen de lgbtq+-gemeenschap", "fr": "Opposition à la communauté LGBTQ+", "en": "Opposition to the LGBTQ+ community"},
)  # fmt: skip
DECIDED_BY = "College van burgemeester en schepenen van Fictiestad"
WEEKS = 60
"""of the duty rota that are filled in"""


class Member(NamedTuple):
    id: str
    name: str
    roles: tuple[str, ...]
    service: str
    organisation: str
    language: str = "nl"
    hours: float = 38.0
    languages: tuple[str, ...] = ("nl", "fr", "en")
    manager: str | None = "manager"
    prison: str | None = None


MEMBERS = (
    Member("coordinator", "Cato Verzonnen", ("coordinator",), "prevention", "city"),
    Member("deputy", "Dries Verzonnen", ("deputy_coordinator",), "prevention", "city"),
    Member("info-officer", "Ilse Fictief", ("info_officer",), "police", "police", languages=("nl",)),
    Member("chiefs-delegate", "Karel Fictief", ("chiefs_delegate", "second_police"), "police", "police"),
    Member("second-police", "Petra Fictief", ("second_police",), "police", "police"),
    Member("second-member", "Simone Inventé", ("second_member",), "welfare", "welfare", language="fr"),
    Member("second-member-2", "Tom Verzonnen", ("second_member",), "education", "city"),
    Member("lead-1", "Noor Verzonnen", ("lead_worker", "deputy_worker"), "social", "city", languages=("nl", "fr", "ar")),
    Member("lead-2", "Wout Fictief", ("lead_worker", "deputy_worker"), "social", "city", hours=19.0, languages=("nl", "en")),
    Member("lead-3", "Yasmina Inventé", ("lead_worker", "deputy_worker"), "social", "city", language="fr", languages=("fr", "nl", "ar")),
    Member("liaison-noord", "Luc Fictief", ("liaison", "notifier"), "prison-noord", "prison-noord", prison=PRISONS[0]),
    Member("liaison-zuid", "Lena Verzonnen", ("liaison", "notifier"), "prison-zuid", "prison-zuid", language="fr", prison=PRISONS[1]),
    Member("welfare-worker", "Omar Fictief", ("partner_worker",), "welfare", "welfare"),
    Member("youth-worker", "Joke Verzonnen", ("youth_worker",), "youth", "city"),
    Member("data-manager", "Dirk Verzonnen", ("data_manager",), "data", "city"),
    Member("dpo", "Fien Fictief", ("dpo",), "dpo", "city"),
    Member("auditor", "Aude Inventé", ("auditor",), "audit", "city", language="fr"),
    Member("mayor", "Burgemeester Fictief", ("mayor",), "mayor", "city"),
    Member("mayors-office", "Kabinet Fictief", ("mayors_office",), "mayor", "city"),
    Member("manager", "Mieke Verzonnen", ("manager",), "social", "city", manager=None),
    Member("administrator", "Bert Fictief", ("administrator",), "it", "city"),
)  # fmt: skip


def found(db: Database, at: dt.datetime) -> None:
    """Found the fictional partnership in an empty database."""
    save_organisations(db, [Organisation(id=key, kind=kind, name=name) for key, (kind, name) in ORGANISATIONS.items()])
    people = [
        Staff(
            id=m.id, name=m.name, email=f"{m.id}@fictiestad.example", phone=f"+32 15 00 02 {MEMBERS.index(m):02d}", language=m.language, roles=list(m.roles),
            service=m.service, organisation=m.organisation, manager=None if m.id == "manager" else m.manager,
            hours_per_week=m.hours, languages=list(m.languages), prison=m.prison,
            substitutes=SUBSTITUTES.get(m.id, {}), added_at=at,
        )
        for m in sorted(MEMBERS, key=lambda m: m.manager is not None)
    ]  # fmt: skip
    save(db, people, at=at)
    for name, known in PRISON_CARDS.items():
        save_prison(db, SYSTEM, {"name": name, **known}, at)
    for words in PRIORITIES:
        add_priority(db, SYSTEM, {**words, "from_on": f"{at.year}-01-01", "decided_by": DECIDED_BY}, at)
    monday = monday_of(at.date())
    turns = (("coordinator", "deputy"), ("deputy", "coordinator"))
    save_weeks(db, SYSTEM, {monday + dt.timedelta(days=7 * n): turns[n % 2] for n in range(WEEKS)}, at)
    save_phone_list(db, SYSTEM, ["coordinator", "deputy", "chiefs-delegate"], "+32 15 00 00 09", at)
    summer = dt.date(at.year, 7, 13)
    record_absence(db, "lead-2", summer, summer + dt.timedelta(days=18), SYSTEM, at=at)


SUBSTITUTES: dict[str, dict[str, list[str]]] = {
    "coordinator": {"coordinator": ["deputy", "manager"]},
    "lead-1": {"lead_worker": ["lead-3", "lead-2"]},
    "lead-2": {"lead_worker": ["lead-1", "lead-3"]},
    "lead-3": {"lead_worker": ["lead-2", "lead-1"]},
    "info-officer": {"info_officer": ["chiefs-delegate", "second-police"]},
    "second-member": {"second_member": ["second-member-2", "second-police"]},
}
