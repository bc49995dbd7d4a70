"""Objection and rectification over HTTP: restricted at once, every recipient told, then lifted, corrected or erased."""

import re
from collections.abc import Callable

from casework import clock, documents
from casework.automatic import delivery
from casework.cases import perform
from casework.db import Database
from casework.verify import verify
from protocol.commands import AssignStep, DecideSecond
from tests.casework.helpers import T0, complete, later, rows
from tests.personas import CORA, DORA, ILSE, LENA, SARA
from tests.web.conftest import Browser
from tests.web.test_sharing_pages import ready_to_share

Choose = Callable[..., Browser]
DAY = T0.date().isoformat()
POLICE, SOCIAL = "Canarypolice text", "Canarysocial text"


def shared_twice(db: Database) -> str:
    """A case in which the police and the lead worker each shared something: items 1 and 2."""
    ref = ready_to_share(db)
    proposal = {"decision": "shared", "ground": "case_consultation", "code": "case_team", "expires_on": "2026-12-31"}
    complete(db, ILSE, ref, "share", {**proposal, "item": POLICE, "recipients": ["s-lena", "s-cora"]})
    perform(db, SARA, ref, DecideSecond(id="share", agree=True, occurred_on=T0.date()), "police", T0)
    from protocol.commands import ReportEvent

    found = perform(db, LENA, ref, ReportEvent(event="propose_sharing", occurred_on=T0.date()), "new", T0)
    id = next(each.id for each in found.events if each.kind == "step_opened")
    complete(db, LENA, ref, id, {**proposal, "item": SOCIAL, "recipients": ["s-omar", "s-ilse"]})
    perform(db, CORA, ref, DecideSecond(id=id, agree=True, occurred_on=T0.date()), "social", T0)
    return ref


def ask(browser: Browser, ref: str, event: str, about: list[str]) -> int:
    form = {"f.disputed": "the address", "occurred_on": DAY, "about": about}
    return int(browser.post(f"/cases/{ref}/report/{event}", form).status_code)


def notices(db: Database, browser: Browser) -> str:
    delivery.address(db, clock.now())
    return str(browser.get("/notices").text)


def answer_step(db: Database) -> str:
    ((occurrence,),) = rows(db, "SELECT occurrence FROM step WHERE step = 'answer' AND is_open")
    return str(occurrence).replace("#", ".")


def test_what_is_disputed_is_restricted_at_once_and_corrected_for_every_recipient(db: Database, as_: Choose) -> None:
    ref = shared_twice(db)
    lena, omar, ilse, dana = as_("s-lena"), as_("s-omar"), as_("s-ilse"), as_("s-dana")
    assert SOCIAL in omar.get("/shared/2").text and POLICE in lena.get("/shared/1").text
    assert ask(lena, ref, "rectification", ["item:2"]) == 303
    for reader in (omar, ilse, lena):
        page = reader.get("/shared/2").text
        assert SOCIAL not in page and "This is disputed" in page and "print.pdf" not in page
        assert reader.get("/shared/2/print.pdf").status_code == 403
    assert (
        "disputed" in omar.get("/shared").text and "something you were given is disputed" in notices(db, omar).lower()
    )
    assert POLICE in lena.get("/shared/1").text, "nothing else is"
    page = dana.get("/requests").text
    assert "Social plan" in page and "Omar Fictief" in page and SOCIAL not in page
    assert (
        "Social plan" in as_("s-frank").get("/requests").text and as_("s-frank").get("/requests/1").status_code == 404
    )
    assert as_("s-cora").get("/requests").status_code == 403
    link = re.search(r'href="(/requests/\d+)"', page)
    assert link is not None
    assert SOCIAL in dana.get(link[1]).text, "who decides reads it"
    early = dana.post(
        f"/cases/{ref}/steps/{answer_step(db)}/complete",
        {"f.result": "granted", "f.recipients_told": "yes", "occurred_on": DAY},
    )
    assert early.status_code == 422 and "First lift, correct or erase" in early.text
    empty = dana.post(link[1], {"how": "corrected", "text": ""})
    assert empty.status_code == 422 and "Write it as it should read" in empty.text
    assert dana.post(link[1], {"how": "corrected", "text": "The right address"}).status_code == 303
    for reader in (omar, ilse, lena):
        page = reader.get("/shared/2").text
        assert "The right address" in page and "Corrected" in page and SOCIAL not in page
    assert "was corrected: read it again" in notices(db, omar)
    assert SOCIAL not in lena.get(f"/cases/{ref}/steps/share~2").text
    done = dana.post(
        f"/cases/{ref}/steps/{answer_step(db)}/complete",
        {"f.result": "granted", "f.recipients_told": "yes", "occurred_on": DAY},
    )
    assert done.status_code == 303
    assert verify(db)["intact"]


def test_an_objection_without_a_choice_restricts_everything_and_a_refusal_lifts_it(db: Database, as_: Choose) -> None:
    ref = shared_twice(db)
    lena, omar, dana = as_("s-lena"), as_("s-omar"), as_("s-dana")
    assert ask(as_("s-cora"), ref, "objection", []) == 303
    assert POLICE not in lena.get("/shared/1").text and SOCIAL not in omar.get("/shared/2").text
    page = dana.get("/requests/1").text + dana.get("/requests/2").text
    assert POLICE not in page and "Supervisory Body for Police Information" in page
    done = dana.post(f"/cases/{ref}/steps/{answer_step(db)}/complete", {"f.result": "refused", "occurred_on": DAY})
    assert done.status_code == 303
    assert POLICE in lena.get("/shared/1").text and SOCIAL in omar.get("/shared/2").text
    assert "you may use it again" in notices(db, omar)
    assert rows(db, "SELECT outcome, settled_by FROM restriction") == [("lifted", "s-dana")] * 2


def test_a_referral_keeps_it_restricted_until_it_is_erased(db: Database, as_: Choose) -> None:
    ref = shared_twice(db)
    lena, ilse, dana = as_("s-lena"), as_("s-ilse"), as_("s-dana")
    ask(lena, ref, "objection", ["item:1"])
    answered = dana.post(f"/cases/{ref}/steps/{answer_step(db)}/complete", {"f.result": "referred", "occurred_on": DAY})
    assert answered.status_code == 303 and POLICE not in lena.get("/shared/1").text
    assert dana.post("/requests/1", {"how": "erased"}).status_code == 303
    assert lena.get("/shared/1").status_code == 404 and "erased: destroy your copy" in notices(db, lena)
    assert POLICE not in ilse.get("/shared/1").text and "This was erased" in ilse.get("/shared/1").text
    assert POLICE not in ilse.get(f"/cases/{ref}/steps/share").text
    assert verify(db)["intact"]


def test_a_disputed_document_is_closed_until_it_is_lifted(db: Database, as_: Choose) -> None:
    ref = shared_twice(db)
    new = documents.New("Letter", "to the person", "social_plan")
    paper = documents.add(db, DORA, ref, new, "letter.txt", b"Canary letter", "doc", T0)
    lena, dana = as_("s-lena"), as_("s-dana")
    assert "Document: Letter" in lena.get(f"/cases/{ref}/report/rectification").text
    ask(lena, ref, "rectification", [f"document:{paper}"])
    assert lena.get(f"/cases/{ref}/documents/{paper}").status_code == 404
    assert SOCIAL in as_("s-omar").get("/shared/2").text
    assert dana.post("/requests/1", {"how": "lifted"}).status_code == 303
    assert lena.get(f"/cases/{ref}/documents/{paper}").status_code == 200


def test_access_that_ran_out_is_no_dispute_and_a_dispute_ends_no_access(db: Database, as_: Choose) -> None:
    ref = shared_twice(db)
    ask(as_("s-lena"), ref, "objection", ["item:2"])
    assert rows(db, "SELECT count(*) FROM item WHERE ended_at IS NOT NULL") == [(0,)]
    assert as_("s-lena").post("/shared/2/recall").status_code == 303
    assert rows(db, "SELECT count(*) FROM item WHERE ended_at IS NOT NULL") == [(1,)]
    assert rows(db, "SELECT count(*) FROM restriction WHERE settled_at IS NULL") == [(1,)]
    assert "taken back" in as_("s-lena").get("/shared/2").text
    assert perform(db, CORA, ref, AssignStep(id="contact#1", staff="s-dora"), "any", later(hours=1)).events
