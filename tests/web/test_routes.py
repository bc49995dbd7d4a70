"""Every route of the pages × every role over HTTP. A table says whom a route is for; one that is not in it fails."""

from collections.abc import Callable

import pytest
from fastapi.routing import APIRoute

from casework import staff
from casework.db import Database
from models.people import Staff
from tests.casework.helpers import assigned_case
from tests.personas import ADDED, PEOPLE
from tests.web.conftest import ADMINISTRATOR, Browser
from web.app import PAGES

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
OTHERS = {"s-chief": "chiefs_delegate", "s-office": "mayors_office", "s-manager": "manager"}
WHO = (*(person[0] for person in PEOPLE), ADMINISTRATOR, *OTHERS)
RUNS = {"s-cora", "s-dirk"}
TEAM = RUNS | {"s-lena", "s-dora"}
"""who runs the partnership, and who works on the case"""
OPEN = TEAM | {"s-ilse", "s-piet", "s-dana", "s-anna", "s-office", "s-manager"}
"""whom the matrix gives the logistics of the case; everybody else gets the answer for no case"""
STEP = OPEN - {"s-piet"}
BREAKS_GLASS = {"s-lena", "s-dora", "s-lars", "s-ilse", "s-paul", "s-chief", "s-yara"}
"""who may get emergency access"""
AUDIT = RUNS | {"s-frank", "s-anna"}
CALLED = RUNS | {"s-maya", "s-chief", "s-office", "s-manager"}
ADMINISTERS = {"s-cora", ADMINISTRATOR}
PRISONS = RUNS | {"s-lena", "s-lars", "s-dora", "s-omar", "s-yara", ADMINISTRATOR}
ABSENCES = RUNS | {"s-omar", ADMINISTRATOR}
"""of Omar: himself, and who keeps the absences of others"""
DATES = TEAM | {"s-piet"}
GATED: dict[str, set[str]] = {
    "GET /absences/{staff_id}": ABSENCES,
    "POST /absences/{staff_id}": ABSENCES,
    "GET /announce": RUNS | {"s-piet", "s-vera"},
    "POST /announce": RUNS | {"s-piet", "s-vera"},
    "GET /announce/file": RUNS | {"s-piet", "s-vera"},
    "POST /announce/file": RUNS | {"s-piet", "s-vera"},
    "GET /adopt": {"s-cora"},
    "POST /adopt": {"s-cora"},
    "GET /outcomes": AUDIT,
    "GET /cases/{ref}/paper": OPEN,
    "GET /cases/{ref}/contacts": TEAM,
    "GET /cases/{ref}/paper/leaflet.pdf": OPEN,
    "GET /emergency": BREAKS_GLASS,
    "POST /emergency": BREAKS_GLASS,
    "GET /meetings": TEAM | {"s-lars"},
    "GET /releases": RUNS,
    "GET /workload": RUNS,
    "GET /announced": {"s-piet", "s-vera"},
    "GET /api-clients": {ADMINISTRATOR},
    "POST /api-clients": {ADMINISTRATOR},
    "POST /api-clients/revoke": {ADMINISTRATOR},
    "GET /cases": RUNS,
    "GET /cases/{ref}": OPEN,
    "POST /cases/{ref}/copy": {"s-dana"},
    "GET /cases/{ref}/dates": DATES,
    "GET /cases/{ref}/dates/correct": DATES,
    "POST /cases/{ref}/dates/correct": DATES,
    "GET /cases/{ref}/documents": OPEN,
    "POST /cases/{ref}/documents": OPEN,
    "GET /cases/{ref}/report/{key}": {"s-cora"},
    "GET /cases/{ref}/steps/{step}": STEP,
    "GET /cases/{ref}/steps/{step}/correct": TEAM,
    "POST /cases/{ref}/steps/{step}/correct": TEAM,
    "POST /cases/{ref}/steps/{step}/appoint": {"s-lena", "s-dora"},
    "POST /cases/{ref}/steps/{step}/draft": {"s-lena", "s-dora"},
    "POST /cases/{ref}/steps/{step}/draft/drop": STEP,
    "GET /closing-days": ADMINISTERS,
    "POST /closing-days": ADMINISTERS,
    "GET /compliance": AUDIT,
    "GET /compliance.xlsx": AUDIT,
    "GET /compliance/{step}/{verdict}": AUDIT,
    "GET /duty": CALLED | {ADMINISTRATOR},
    "GET /duty/weeks": ADMINISTERS,
    "POST /duty/weeks": ADMINISTERS,
    "GET /duty/list": ADMINISTERS,
    "POST /duty/list": ADMINISTERS,
    "GET /late": RUNS,
    "GET /overview": RUNS,
    "GET /prisons": PRISONS,
    "GET /prisons/new": ADMINISTERS,
    "POST /prisons/new": ADMINISTERS,
    "GET /ledger": AUDIT,
    "GET /mayor": {"s-maya", "s-office"},
    "GET /mail-test": {ADMINISTRATOR},
    "POST /mail-test": {ADMINISTRATOR},
    "GET /priorities": AUDIT | {"s-maya", ADMINISTRATOR},
    "POST /priorities": ADMINISTERS,
    "GET /protocols": AUDIT | {ADMINISTRATOR},
    "GET /protocols/new": ADMINISTERS,
    "POST /protocols/new": ADMINISTERS,
    "GET /protocols/{key}/{version}": AUDIT | {ADMINISTRATOR},
    "GET /protocols/{key}/{version}/compare": AUDIT | {ADMINISTRATOR},
    "GET /protocols/{key}/{version}/move": {"s-cora"},
    "POST /protocols/{key}/{version}/move": {"s-cora"},
    "POST /protocols/{key}/{version}/informal": {"s-cora"},
    "POST /protocols/{key}/{version}/signatories": {"s-cora"},
    "POST /protocols/{key}/{version}/sign": {"s-cora"},
    "GET /reading": {"s-dana", "s-frank"},
    "GET /requests": {"s-dana", "s-frank"},
    "GET /retention": {"s-dana", "s-frank"},
    "GET /staff": ADMINISTERS,
    "GET /staff/{staff_id}": ADMINISTERS,
    "GET /staff/new": {ADMINISTRATOR},
    "POST /staff/new": {ADMINISTRATOR},
    "GET /staff/{staff_id}/change": {ADMINISTRATOR},
    "POST /staff/{staff_id}/change": {ADMINISTRATOR},
    "GET /urgent": CALLED,
}
"""Routes for some: everybody else gets 403, or 404 where existence is secret."""
SHOWN_AGAIN = {
    "POST /cases/{ref}/dates": OPEN,
    "POST /cases/{ref}/report/{key}": OPEN,
    **{
        f"POST /cases/{{ref}}/steps/{{step}}/{what}": STEP for what in ("assign", "complete", "decide", "move", "waive")
    },
}
"""Forms whose empty copy is shown again to those who see the case; what they then may do, the policy decides."""
FOR_ALL = {
    "GET /", "GET /account", "POST /account/language", "POST /account/passkeys/remove", "POST /account/password",
    "POST /account/recovery-codes", "POST /account/sessions/end", "POST /account/sessions/end-all", "GET /choose",
    "POST /choose", "GET /health", "GET /health.json", "GET /invitation/{secret}", "POST /invitation", "POST /language",
    "GET /my-cases", "GET /oidc/callback", "GET /oidc/start", "POST /oidc/start", "GET /second-factor/new",
    "POST /second-factor/new", "POST /second-factor/passkey", "GET /shared", "GET /sign-in", "POST /sign-in",
    "GET /sign-in/code", "POST /sign-in/code", "POST /sign-in/passkey", "POST /sign-out", "GET /signed-out",
    "GET /step-up", "POST /step-up", "POST /step-up/passkey", "GET /tasks", "GET /cases/{ref}/copy",
    "GET /search", "GET /notices", "POST /notices", "POST /guidance", "POST /calendar",
}  # fmt: skip
"""One's own, or nobody's: they show nothing of a case that the matrix does not give."""
ELSEWHERE = {
    "POST /absences/{staff_id}/end", "GET /cases/{ref}/documents/{document}", "POST /cases/{ref}/documents/{document}/remove",
    "GET /shared/{item}", "GET /shared/{item}/print.pdf", "GET /requests/{restriction}", "POST /requests/{restriction}",
    "POST /shared/{item}/recall", "POST /staff/{staff_id}/account", "POST /urgent/{message}",
    "GET /compliance.pdf", "GET /prisons/{prison}", "GET /prisons/{prison}/change", "POST /prisons/{prison}/change",
    "POST /prisons/{prison}/remove", "POST /priorities/{priority}/end", "POST /ledger", "GET /protocols/checks/{job}",
    "POST /ledger/checkpoint", "GET /ledger/{job}", "GET /ledger/{job}/checkpoint.json", "POST /search", "GET /cases/{ref}/paper/plan.pdf",
    "GET /calendar/{secret}.ics",
}  # fmt: skip
"""They need a thing of their own, and have tests of their own: administration, documents, sharing, urgent, compliance,
prisons, priorities, ledger, search, papers."""
PLACES = {"ref": "", "step": "contact.1", "key": "arrest_lasting", "staff_id": "s-omar", "verdict": "kept"}


def routes() -> set[str]:
    found = (route for module in PAGES for route in module.router.routes if isinstance(route, APIRoute))
    return {f"{method} {route.path}" for route in found for method in route.methods}


def test_every_route_is_in_a_table(db: Database) -> None:
    known = set(GATED) | set(SHOWN_AGAIN) | FOR_ALL | ELSEWHERE
    assert sorted(routes() - known) == [], "say whom these are for"


def test_every_route_opens_for_its_roles_and_for_no_other(db: Database, as_: Callable[..., Browser]) -> None:
    more = [
        Staff(id=id, name="Tess Verzonnen", roles=[role], service="x", organisation="city", added_at=ADDED)
        for id, role in OTHERS.items()
    ]
    staff.save(db, more, at=ADDED)
    ref = assigned_case(db).ref
    wrong = []
    for who in WHO:
        browser = as_(who)
        token = browser.hidden(browser.get("/health").text, "token")
        for route, allowed in {**GATED, **SHOWN_AGAIN}.items():
            method, _, pattern = route.partition(" ")
            pattern = pattern.replace("/protocols/{key}/{version}", "/protocols/mechelen/2026.1")
            path = pattern.format(**{**PLACES, "ref": ref}) if "{" in pattern else pattern
            data = {"token": token} if method == "POST" else None
            status = browser.client.request(method, path, data=data, follow_redirects=False).status_code
            if (status not in (403, 404)) != (who in allowed) or status >= 500:
                wrong.append((who, route, status))
    assert wrong == []
