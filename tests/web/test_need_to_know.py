"""What a form says before it is saved: who will see what is typed, and a warning on words of classified information."""

from collections.abc import Callable

import pytest

from casework.db import Database
from protocol.classified import word_in
from tests.casework.helpers import T0, assigned_case, new_case, rows
from tests.web.conftest import Browser
from tests.web.test_sharing_pages import PROPOSAL, ready_to_share

Choose = Callable[..., Browser]
WORDS = ("TRÈS SECRET", "SECRET", "VERTROUWELIJK", "diffusion restreinte", "11.12.1998")
MANDATE = {"f.gate1": "yes", "f.gate2": "yes", "f.list_version": "2026-1", "occurred_on": T0.date().isoformat()}


def audience(page: str) -> str:
    return page.partition("Who will see what you type")[2].partition("</div>")[0]


def test_a_step_says_by_role_and_name_who_will_read_its_form(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    seen = audience(as_("s-lena").get(f"/cases/{ref}/steps/contact.1").text)
    assert "Coordinator" in seen and "Cora Verzonnen" in seen and "Dora Bedacht" in seen
    assert not {"Omar", "Anna", "Ilse", "Lars", "Lena"} & set(seen.split()), "nor who types it"


def test_what_is_said_is_what_happens(db: Database, as_: Choose) -> None:
    """Whoever is named can read it, and nobody else."""
    ref = new_case(db).ref
    as_("s-cora").post(f"/cases/{ref}/steps/notify/complete", {
        "f.source": "prison", "f.channel": "mail", "f.prison": "Mechelen", "f.release_type": "end_of_sentence",
        "f.conditions": "no", "f.certainty": "confirmed", "f.planned_release": "2027-03-01", "occurred_on": T0.date().isoformat(),
    })  # fmt: skip
    seen = audience(as_("s-cora").get(f"/cases/{ref}/steps/mandate").text)
    as_("s-cora").post(f"/cases/{ref}/steps/mandate/complete", {**MANDATE, "f.reason": "Canary reason"})
    names = {"s-dirk": "Dirk Verzonnen", "s-paul": "Paul Fictief", "s-sara": "Sara Bedacht", "s-ilse": "Ilse Fictief",
             "s-lena": "Lena Imaginair", "s-anna": "Anna Verzonnen"}  # fmt: skip
    for who, name in names.items():
        reads = "Canary reason" in as_(who).get(f"/cases/{ref}/steps/mandate").text
        assert (name in seen) or not reads, who


def test_a_contact_a_document_and_a_share_say_it_too(db: Database, as_: Choose) -> None:
    ref = ready_to_share(db)
    lena = as_("s-lena")
    assert "Cora Verzonnen" in audience(lena.get(f"/cases/{ref}/report/contact_noted").text)
    assert "Ilse Fictief" not in audience(lena.get(f"/cases/{ref}/report/contact_noted").text)
    assert "Who will see what you type" in lena.get(f"/cases/{ref}/documents").text
    share = audience(as_("s-ilse").get(f"/cases/{ref}/steps/share").text)
    assert "the recipients you name" in share and "Sara Bedacht" in share and "Lena" not in share


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_a_word_of_classified_information_is_warned_of_and_can_be_confirmed(db: Database, as_: Choose) -> None:
    ref = ready_to_share(db)
    ilse, text = as_("s-ilse"), "Copied from a note marked SECRET (wet 11.12.1998)"
    warned = ilse.post(f"/cases/{ref}/steps/share/complete", {**PROPOSAL, "f.item": text})
    assert warned.status_code == 422 and "marks classified information" in warned.text and text in warned.text
    assert 'name="not_classified"' in warned.text and 'id="f-item-problem"' in warned.text
    assert rows(db, "SELECT status FROM step WHERE occurrence = 'share'") == [("open",)]
    sent = {**PROPOSAL, "f.item": text, "not_classified": "yes"}
    assert ilse.post(f"/cases/{ref}/steps/share/complete", sent).status_code == 303
    lena = as_("s-lena")
    note = {
        "f.how": "call",
        "f.with_whom": "person",
        "f.facts": "Diffusion  restreinte",
        "occurred_on": T0.date().isoformat(),
    }
    assert lena.post(f"/cases/{ref}/report/contact_noted", note).status_code == 422
    assert lena.post(f"/cases/{ref}/report/contact_noted", {**note, "f.facts": "A secret of hers"}).status_code == 303
    paper = {"title": "GEHEIM", "purpose": "x", "item": "social_plan", "handling": "case_team"}
    answer = lena.post(f"/cases/{ref}/documents", paper, files={"file": ("a.txt", b"text")})
    assert answer.status_code == 422 and "marks classified information" in answer.text


def test_a_stamp_counts_in_capitals_and_a_phrase_in_any_spelling() -> None:
    assert word_in(WORDS, "nota: TRES SECRET") == "TRÈS SECRET"
    assert word_in(WORDS, "Diffusion\nRESTREINTE") == "diffusion restreinte"
    assert word_in(WORDS, "een vertrouwelijk gesprek, le secret professionnel, SECRETARY") is None


def test_every_part_of_a_case_says_why_one_sees_it_and_what_one_does_not(db: Database, as_: Choose) -> None:
    ref = assigned_case(db).ref
    page = as_("s-lena").get(f"/cases/{ref}").text
    assert page.count("Why can I see this?") == 6, "steps, history, person, dates, people, contacts"
    assert "Own cases." in page and "protocol draft, section 3" in page and "you lead this case" in page
    missing = page.partition("What do I not see here, and why?")[2]
    assert "Filtered police note" in missing and "not whether there is any" in missing
    dana = as_("s-dana").get(f"/cases/{ref}").text
    assert "Erases in time and answers requests." in dana and "your role is enough" in dana
    assert "On a recorded request." in dana.partition("What do I not see here, and why?")[2]
    assert as_("s-omar").get(f"/cases/{ref}").status_code == 404, "where existence is a secret nothing is explained"


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_what_one_does_not_see_reads_the_same_whether_it_is_there_or_not(db: Database, as_: Choose) -> None:
    ref = ready_to_share(db)
    lena = as_("s-dana")
    before = lena.get(f"/cases/{ref}").text.partition("What do I not see here, and why?")[2]
    as_("s-ilse").post(f"/cases/{ref}/steps/share/complete", PROPOSAL)
    as_("s-sara").post(f"/cases/{ref}/steps/share/decide", {"agree": "yes"})
    assert lena.get(f"/cases/{ref}").text.partition("What do I not see here, and why?")[2] == before
