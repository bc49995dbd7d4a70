"""Sharing over HTTP: proposed by one service, narrowed by another, read by the named, taken back."""

import re
from collections.abc import Callable
from typing import Any

from casework import clock
from casework.cases import perform
from casework.db import Database
from protocol.commands import AssignStep
from tests.casework.helpers import T0, assigned_case, complete, later, rows
from tests.personas import CORA, ILSE
from tests.web.conftest import Browser

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


def offered(page: str) -> set[str]:
    """Whom a form offers as recipients."""
    return set(re.findall(r'name="f.recipients" value="([^"]*)"', page))


def test_a_recipient_who_could_never_read_it_is_refused_and_not_offered(db: Database, as_: Choose) -> None:
    ref = ready_to_share(db)
    ilse = as_("s-ilse")
    page = ilse.get(f"/cases/{ref}/steps/share").text
    assert offered(page) == {"s-cora", "s-dirk", "s-lena", "s-lars", "s-dora", "s-yara", "s-maya"}
    refused = ilse.post(f"/cases/{ref}/steps/share/complete", {**PROPOSAL, "f.recipients": ["s-lena", "s-omar"]})
    assert refused.status_code == 422 and TEXT in refused.text, "what was typed stays"
    assert "Omar Fictief: the protocol never lets them read this kind of item" in refused.text
    assert 'value="s-lena" checked' in refused.text
    assert rows(db, "SELECT status FROM step WHERE occurrence = 'share'") == [("open",)]


def proposed_by(browser: Browser, ref: str, form: dict[str, Any]) -> tuple[str, int]:
    """Propose to share something of one's own: the page of the new decision, and what came of its form."""
    day = {"occurred_on": T0.date().isoformat()}
    answer = browser.post(f"/cases/{ref}/report/propose_sharing", day)
    assert answer.status_code == 303, answer.text
    page = answer.headers["location"].partition("?")[0]
    return page, browser.post(f"{page}/complete", {**PROPOSAL, **form}).status_code


def test_a_social_worker_shares_what_is_their_own_and_sees_who_saw_it(db: Database, as_: Choose) -> None:
    ref = ready_to_share(db)
    lena, cora, ilse, omar = as_("s-lena"), as_("s-cora"), as_("s-ilse"), as_("s-omar")
    own = {"f.item": "Canarysocial: a flat from March", "f.recipients": ["s-omar", "s-ilse"], "f.kind": "social_plan"}
    page, status = proposed_by(lena, ref, {**own, "f.kind": "police_note"})
    assert status == 422, "a police note is not hers to share"
    shown = lena.get(page).text
    assert 'value="social_plan" checked' in shown and "police_note" not in shown
    assert offered(shown) == {"s-cora", "s-dirk", "s-ilse", "s-dora", "s-omar", "s-piet", "s-vera", "s-yara"}
    assert lena.post(f"{page}/complete", {**PROPOSAL, **own}).status_code == 303
    assert lena.post(f"{page}/decide", {"agree": "yes"}).status_code in (403, 422), "the author cannot approve"
    assert "Canarysocial" not in ilse.get(page).text, "it is not the police's to know before it is decided"
    assert "Canarysocial" in cora.get(page).text
    assert cora.post(f"{page}/decide", {"agree": "yes", "f.item": "A flat", "f.recipients": ["s-omar"],
                                        "f.expires_on": "2026-12-01"}).status_code == 303  # fmt: skip
    link = re.search(r'href="(/shared/\d+)"', omar.get("/shared").text)
    assert link is not None
    assert "A flat" in omar.get(link[1]).text and "Canarysocial" not in omar.get(link[1]).text
    assert ilse.get(link[1]).status_code == 404
    assert "Omar Fictief" in lena.get(link[1]).text.partition("Who read it")[2]
    assert rows(db, "SELECT kind, regime, author FROM item") == [("social_plan", "gdpr", "s-lena")]
    assert lena.post(f"{link[1]}/recall").status_code == 303 and omar.get(link[1]).status_code == 404


def test_a_partner_with_a_task_shares_what_is_their_own(db: Database, as_: Choose) -> None:
    ref = ready_to_share(db)
    omar = as_("s-omar")
    assert omar.post(f"/cases/{ref}/report/propose_sharing", {"occurred_on": T0.date().isoformat()}).status_code == 404
    perform(db, CORA, ref, AssignStep(id="contact#1", staff="s-omar"), "task", T0)
    page, status = proposed_by(omar, ref, {"f.item": "A place in training", "f.recipients": ["s-lena"]})
    assert status == 303
    as_("s-sara").post(f"{page}/decide", {"agree": "yes"})
    assert "A place in training" in as_("s-lena").get("/shared/1").text


def test_it_is_printed_only_where_the_handling_code_allows(db: Database, as_: Choose) -> None:
    ref = ready_to_share(db)
    as_("s-ilse").post(f"/cases/{ref}/steps/share/complete", {**PROPOSAL, "f.code": "named_only"})
    as_("s-sara").post(f"/cases/{ref}/steps/share/decide", {"agree": "yes"})
    lena = as_("s-lena")
    assert "/shared/1/print.pdf" not in lena.get("/shared/1").text
    assert lena.get("/shared/1/print.pdf").status_code == 403
    other = ready_to_share_again(db)
    as_("s-ilse").post(f"/cases/{other}/steps/share/complete", PROPOSAL)
    as_("s-sara").post(f"/cases/{other}/steps/share/decide", {"agree": "yes"})
    assert lena.get("/shared/2/print.pdf").headers["content-type"] == "application/pdf"
    assert as_("s-lars").get("/shared/2/print.pdf").status_code == 404


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
