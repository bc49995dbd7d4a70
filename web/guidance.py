"""What somebody should know the first time: three sentences for their role, on their first page, until put away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.responses import Response

from casework import own_account
from web.menu import RUNS, first_page
from web.visitor import Visitor, member, posted

if TYPE_CHECKING:
    from collections.abc import Sequence

router = APIRouter(prefix="/guidance")
FOR: Sequence[tuple[tuple[str, ...], str]] = (
    (RUNS, "coordinator"),
    (("liaison", "notifier"), "liaison"),
    (("mayor", "mayors_office"), "mayor"),
    (("administrator",), "administrator"),
    (("dpo", "data_manager"), "data"),
    (("auditor", "manager"), "audit"),
    (("info_officer", "chiefs_delegate", "second_police"), "police"),
    (("partner_worker", "youth_worker"), "partner"),
)
"""role → whose sentences; everybody else works with persons"""
SENTENCES = 3


def sentences(v: Visitor) -> list[str]:
    """For the page that is opened; none when it is not the first page, or the guidance was put away."""
    if v.staff is None or v.staff.guided_at is not None or v.request.url.path != first_page(v):
        return []
    whose = next((key for roles, key in FOR if v.has(*roles)), "worker")
    return [v.t.of("guidance", f"{whose}_{n}") for n in range(1, SENTENCES + 1)]


@router.post("")
def put_away(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    """Put away, or asked for again."""
    again = bool(form.get("again"))
    own_account.guide(v.db, v.me.id, None if again else v.now)
    return v.to("/" if again else first_page(v))
