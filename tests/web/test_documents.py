"""The pages of documents: without a script, with a limit, and never shown inside our own pages."""

from collections.abc import Callable
from typing import Any

import pytest

from casework.db import Database
from tests.casework import file_examples as files
from tests.casework.helpers import assigned_case, rows
from web.security import PAGE_LIMIT, UPLOAD_LIMIT

SAID = {"title": "Visit permission", "purpose": "the first visit", "item": "logistics", "handling": "case_team"}


def send(browser: Any, ref: str, content: bytes, name: str = "toelating één.pdf", **said: Any) -> Any:
    path = f"/cases/{ref}/documents"
    page = browser.get(path).text
    data = {"token": browser.hidden(page, "token"), "command": browser.hidden(page, "command"), **SAID, **said}
    return browser.client.post(path, data=data, files={"file": (name, content, "text/html")}, follow_redirects=False)


def test_a_document_is_added_listed_fetched_and_removed(as_: Callable[..., Any], db: Database) -> None:
    ref = assigned_case(db).ref
    lena = as_("s-lena")
    assert f'href="/cases/{ref}/documents"' in lena.get(f"/cases/{ref}").text
    assert send(lena, ref, files.PDF).status_code == 303
    page = lena.get(f"/cases/{ref}/documents?done=document").text
    assert "Visit permission" in page and "the first visit" in page and "The document is added." in page
    link = next(href for href in lena.links(f"/cases/{ref}/documents") if "/documents/" in href)
    answer = as_("s-cora").get(link)
    assert answer.content == files.PDF
    assert answer.headers["content-type"] == "application/pdf"
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment; ") and "toelating%20%C3%A9%C3%A9n.pdf" in disposition
    assert answer.headers["content-security-policy"].endswith("sandbox")
    assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["cache-control"] == "no-store"
    assert as_("s-lars").get(link).status_code == 404
    assert lena.post(f"{link}/remove", {"command": "r"}).status_code == 303
    assert lena.get(link).status_code == 404


@pytest.mark.parametrize("language", ["nl", "fr", "en"])
def test_the_page_says_what_was_wrong_and_keeps_what_was_typed(
    as_: Callable[..., Any], db: Database, language: str
) -> None:
    ref = assigned_case(db).ref
    lena = as_("s-lena", language)
    for content, said in ((b"MZ\x90\0" + bytes(99), {}), (files.PDF, {"title": ""}), (files.MACROS, {})):
        answer = send(lena, ref, content, **said)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text and 'value="the first visit"' in answer.text
    assert rows(db, "SELECT count(*) FROM document") == [(0,)]


def test_a_form_without_a_file_or_without_a_token_is_refused(as_: Callable[..., Any], db: Database) -> None:
    ref = assigned_case(db).ref
    lena = as_("s-lena")
    path = f"/cases/{ref}/documents"
    assert lena.post(path, SAID).status_code == 422
    upload = {"file": ("a.pdf", files.PDF)}
    assert lena.client.post(path, data=SAID, files=upload, follow_redirects=False).status_code == 403
    two = [("file", ("a.pdf", files.PDF)), ("file", ("b.pdf", files.PDF))]
    token = lena.hidden(lena.get(path).text, "token")
    assert lena.client.post(path, data={"token": token}, files=two, follow_redirects=False).status_code in (400, 422)
    assert rows(db, "SELECT count(*) FROM document") == [(0,)]


def test_only_this_door_lets_a_large_body_in_and_no_larger(as_: Callable[..., Any], db: Database) -> None:
    ref = assigned_case(db).ref
    lena = as_("s-lena")
    assert send(lena, ref, files.PDF[:-6] + b"x" * (2 * PAGE_LIMIT) + b"\n%%EOF\n").status_code == 303
    assert send(lena, ref, bytes(UPLOAD_LIMIT)).status_code == 413
    answer = lena.client.post("/language", files={"file": ("a", bytes(PAGE_LIMIT + 1))}, follow_redirects=False)
    assert answer.status_code == 413


def test_whoever_is_not_signed_in_is_not_listened_to(anonymous: Any, db: Database) -> None:
    ref = assigned_case(db).ref
    answer = anonymous.client.post(
        f"/cases/{ref}/documents", data=SAID, files={"file": ("a.pdf", files.PDF)}, follow_redirects=False
    )
    assert answer.status_code == 303 and "documents" not in answer.headers["location"].partition("?")[0]
