"""Sharing over HTTP: proposed by one service, narrowed by another, read by the named, taken back."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from casework import clock
from casework.db import Database
from tests.casework.helpers import T0, assigned_case, complete, later
from tests.personas import ILSE
from tests.web.conftest import Browser

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
Choose = Callable[..., Browser]
TEXT = "Canarysecret, meet in the agreed room only"
PROPOSAL: dict[str, Any] = {
    "f.decision": "shared", "f.item": TEXT, "f.recipients": ["s-lena", "s-dora"], "f.ground": "case_consultation",
    "f.code": "case_team", "f.expires_on": "2026-12-31", "occurred_on": T0.date().isoformat(),
}  # fmt: skip


def ready_to_share(db: Database) -> str:
    ref = assigned_case(db).ref
    complete(db, ILSE, ref, "infocheck", {"answer": "answered"})
    return ref


def test_from_the_proposal_to_the_recall(db: Database, as_: Choose) -> None:
    ref = ready_to_share(db)
    ilse, sara, lena, lars = as_("s-ilse"), as_("s-sara"), as_("s-lena"), as_("s-lars")
    assert ilse.post(f"/cases/{ref}/steps/share/complete", PROPOSAL).status_code == 303
    page = sara.get(f"/cases/{ref}/steps/share").text
    assert TEXT in page and "Never more" in page
    decision = {
        "agree": "yes", "f.item": "Agreed room only", "f.recipients": ["s-lena"], "f.expires_on": "2026-12-01",
    }  # fmt: skip
    more = sara.post(f"/cases/{ref}/steps/share/decide", {**decision, "f.item": TEXT * 2})
    assert more.status_code == 422
    assert sara.post(f"/cases/{ref}/steps/share/decide", decision).status_code == 303
    link = re.search(r'href="(/shared/\d+)"', lena.get("/shared").text)
    assert link is not None
    seen = lena.get(link[1]).text
    assert "Agreed room only" in seen and "Canarysecret" not in seen and "Only who is named as recipient" in seen
    assert "Take it back" not in seen
    assert link[1] not in lars.get("/shared").text and lars.get(link[1]).status_code == 404
    assert as_("s-dora").get(link[1]).status_code == 404
    own = ilse.get(link[1]).text
    assert "Lena Imaginair" in own.partition("Who read it")[2]
    assert lena.post(f"{link[1]}/recall").status_code == 403
    assert ilse.post(f"{link[1]}/recall").status_code == 303
    assert lena.get(link[1]).status_code == 404
    assert "Nothing is shared with you" in lena.get("/shared").text


def test_access_ends_on_its_day(db: Database, as_: Choose) -> None:
    ref = ready_to_share(db)
    as_("s-ilse").post(f"/cases/{ref}/steps/share/complete", PROPOSAL)
    as_("s-sara").post(f"/cases/{ref}/steps/share/decide", {"agree": "yes"})
    lena = as_("s-lena")
    assert lena.get("/shared/1").status_code == 200
    clock.set_to(later(days=52))
    assert lena.get("/shared/1").status_code == 404


def test_those_who_only_work_in_the_case_see_the_same_whatever_was_decided(db: Database, as_: Choose) -> None:
    """Byte for byte: the case page of an outsider, before the due day, with the decision open, proposed and taken."""
    ref = ready_to_share(db)
    lars_sees = as_("s-lena")

    def seen() -> str:
        page = lars_sees.get(f"/cases/{ref}").text
        return re.sub(r'(name="token" value=")[^"]*', r"\1", page)

    as_("s-ilse").post(f"/cases/{ref}/steps/share/complete", {**PROPOSAL, "f.recipients": ["s-dora"]})
    proposed = seen()
    as_("s-sara").post(f"/cases/{ref}/steps/share/decide", {"agree": "yes"})
    assert seen() == proposed
    other = ready_to_share_again(db)
    before = lars_sees.get(f"/cases/{other}").text.replace(other, "REF")
    as_("s-ilse").post(
        f"/cases/{other}/steps/share/complete", {"f.decision": "declined", "occurred_on": T0.date().isoformat()}
    )
    as_("s-sara").post(f"/cases/{other}/steps/share/decide", {"agree": "yes"})
    after = lars_sees.get(f"/cases/{other}").text.replace(other, "REF")
    token = re.compile(r'(name="token" value=")[^"]*')
    assert token.sub("", before) == token.sub("", after)


def ready_to_share_again(db: Database) -> str:
    ref = assigned_case(db, 2).ref
    complete(db, ILSE, ref, "infocheck", {"answer": "answered"})
    return ref
