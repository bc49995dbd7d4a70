"""The interface for prison systems: POST /api/v1/notifications, one notification or a list."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from casework import api_clients, cases, clock, staff
from casework.db import Database
from casework.errors import NotAllowed, StaffUnknown
from casework.notification_files import FileProblem, Row, read_rows
from casework.notifications import FieldProblem
from models.people import ApiClient
from protocol.commands import Actor
from web.api_schema import NOTIFICATIONS, RESPONSES, conforms
from web.errors import api_problem
from web.security import TooLarge

router = APIRouter(prefix="/api/v1", tags=["notifications"])
MOST = 500
"""notifications in one request"""
KEY = re.compile(r"[\x21-\x7e]{1,128}")
SOURCE = "api"


class Problem(Exception):
    """The request as a whole cannot be taken."""

    def __init__(self, status: int, field: str, rule: str, remedy: str, headers: Mapping[str, str] | None = None):
        super().__init__(rule)
        self.answer = api_problem(status, field, rule, remedy)
        self.answer.headers.update(headers or {})


@router.post(
    "/notifications",
    summary="Tell the city that somebody is coming home",
    operation_id="send_notifications",
    responses=RESPONSES,
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": NOTIFICATIONS}}},
        "security": [{"key": []}],
    },
    response_class=JSONResponse,
)
async def send_notifications(
    request: Request,
    idempotency_key: Annotated[
        str,
        Header(
            alias="Idempotency-Key",
            description="A key of your own for this request: sent again, it has its effect once.",
            min_length=1,
            max_length=128,
            pattern="^[!-~]+$",
        ),
    ],
) -> JSONResponse:
    """Send one notification or a list; a bad row never blocks a good one, and the same notification twice changes
    nothing. The answer has one row per notification: `accepted`, `known`, `moved` or `refused`, with field, rule and
    remedy. It is 200 when every notification has the agreed form, else 422, with the good ones taken all the same.
    """
    try:
        db: Database = request.app.state.db
        client = await run_in_threadpool(authenticated, db, request)
        body = await _body(request)
        return await run_in_threadpool(handled, db, client, _key(idempotency_key), body)
    except Problem as problem:
        return problem.answer


def authenticated(db: Database, request: Request) -> ApiClient:
    """The client whose key came with a request, and may use its route. Raises Problem."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    challenge = {"WWW-Authenticate": "Bearer"}
    found = api_clients.find(db, key.strip()) if scheme.lower() == "bearer" and key.strip() else None
    if found is None:
        rule = "a valid key is needed"
        remedy = "send the header Authorization: Bearer KEY, with a key that is neither expired nor revoked"
        raise Problem(401, "Authorization", rule, remedy, challenge)
    try:
        api_clients.must_have_scope(found, request.method, request.scope["route"].path)
    except NotAllowed as refused:
        remedy = "ask the partnership for a key with that scope"
        raise Problem(403, "Authorization", refused.reason, remedy) from None
    return found


def _key(key: str) -> str:
    if not KEY.fullmatch(key):
        rule = "must be 1 to 128 visible ASCII characters"
        raise Problem(422, "Idempotency-Key", rule, "give every request a key of its own, for example a UUID")
    return key


async def _body(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "Content-Type", "must be application/json", "send the notifications as JSON in UTF-8")
    if request.scope.get("sluis.too_large"):
        raise TooLarge
    return await request.body()


def actor_of(db: Database, client: ApiClient) -> Actor:
    """The person a client acts for: somebody answers for every notification."""
    try:
        return staff.actor_for(db, client.acts_as or "")
    except StaffUnknown:
        rule, remedy = "this key acts for nobody who works here now", "ask the partnership to name a liaison for it"
        raise Problem(403, "Authorization", rule, remedy) from None


def handled(db: Database, client: ApiClient, key: str, body: bytes) -> JSONResponse:
    """The answer to a request: the first one's, if this key was answered before."""
    actor = actor_of(db, client)
    asked = api_clients.Request(db, client, key, body)
    try:
        before = asked.begin()
    except api_clients.Busy:
        rule = "the same request is being handled at this moment"
        raise Problem(409, "Idempotency-Key", rule, "wait a little and send it again", {"Retry-After": "5"}) from None
    except api_clients.OtherBody:
        rule = "this key was used for another request"
        raise Problem(409, "Idempotency-Key", rule, "give every request a key of its own") from None
    if before is not None:
        return JSONResponse(before.answer, status_code=before.status)
    status, answer = _taken(db, client, actor, body)
    asked.answered(status, answer)
    return JSONResponse(answer, status_code=status)


def _taken(db: Database, client: ApiClient, actor: Actor, body: bytes) -> tuple[int, dict[str, Any]]:
    now = clock.now()
    try:
        rows = read_rows("request.json", body, now)
    except FileProblem as fault:
        found = {"field": "body", "rule": fault.rule, "remedy": fault.remedy}
        return 422, {"problems": [found]}
    if len(rows) > MOST:
        found = {"field": "body", "rule": f"at most {MOST} notifications at once", "remedy": "send them in parts"}
        return 422, {"problems": [found]}
    rows = [_of_own_prison(client, row) for row in rows]
    reports = cases.receive(db, rows, SOURCE, actor, at=now)
    unfit = _rows_without_form(body, {report["row"] for report in reports if report["outcome"] == "refused"})
    if not unfit:
        return 200, {"rows": reports}
    problems = [
        {"field": problem.field, "rule": problem.rule, "remedy": problem.remedy}
        for row in rows
        if row.row in unfit
        for problem in row.problems
    ]
    return 422, {"problems": problems, "rows": reports}


def _of_own_prison(client: ApiClient, row: Row) -> Row:
    """A system speaks for its own prison only."""
    told = row.notification
    if told is None or client.prison is None or told.prison.casefold() == client.prison.casefold():
        return row
    rule = "prison must be the prison that this key belongs to"
    return Row(row.row, None, (FieldProblem("prison", rule, "send it with that prison's key"),))


def _rows_without_form(body: bytes, refused: set[int]) -> set[int]:
    """Of the rows that were refused, those that do not even have the published form."""
    if not refused:
        return set()
    found = json.loads(body.decode("utf-8-sig"))
    objects = found if isinstance(found, list) else [found]
    return {n for n, raw in enumerate(objects, 1) if n in refused and not conforms(raw)}
