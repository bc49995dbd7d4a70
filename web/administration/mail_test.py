"""A test mail to one's own address: whether mail works, or what the mail server said."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework.automatic.mail_test import Tried, server_of, try_mail
from web.lists import must_have
from web.visitor import Visitor, member, posted

router = APIRouter()
PAGE = "/mail-test"


@router.get(PAGE)
def show(v: Visitor = Depends(member)) -> Response:
    must_have(v, PAGE)
    return _page(v)


@router.post(PAGE)
def send(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    """The answer of the mail server is shown at once; sent again it sends another mail, to oneself only."""
    must_have(v, PAGE)
    return _page(v, try_mail(v.db.settings, v.me.email, v.t.language))


def _page(v: Visitor, tried: Tried | None = None) -> Response:
    url = v.db.settings.smtp_url
    return v.page(
        "mail_test.html", to=v.me.email, server=server_of(url) if url else "", tried=tried,
        outcome=v.t.of("mailtest", f"is_{tried.outcome}") if tried else "", mine=f"/staff/{v.me.id}/change",
    )  # fmt: skip
