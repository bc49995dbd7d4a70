"""What people see when something cannot be done: plain words and a way on, never the inside of the program."""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from casework import pace
from casework.errors import NotAllowed, NotFound
from casework.pace import TooMuchRead
from casework.settings import SettingsFault
from protocol.errors import Refused
from web import refusals
from web.dates import hour
from web.security import Receive, Scope, Send, TooLarge
from web.visitor import FormRefused, Link, SignInFirst, StepUpFirst, Visitor

log = logging.getLogger("sluis.web")


def error_page(visitor: Visitor, status: int, title: str, said: list[str], link: Link | None = None) -> Response:
    here = link or Link("/", visitor.t("error.to_start"))
    return visitor.page("error.html", status=status, title=title, said=said, link=here)


def not_found(visitor: Visitor) -> Response:
    return error_page(visitor, 404, visitor.t("error.not_found"), [visitor.t("error.not_found_said")])


def refused(visitor: Visitor, refusal: Refused) -> Response:
    """404 where existence itself is secret, 403, 409 when somebody was first, else 422."""
    t = visitor.t
    if isinstance(refusal, NotFound):
        return not_found(visitor)
    reason, remedy = refusals.words(t, refusal)
    if isinstance(refusal, NotAllowed):
        return error_page(visitor, 403, t("error.not_allowed"), [reason, remedy])
    if isinstance(refusal, TooMuchRead):
        return _too_much_read(visitor, refusal)
    ref = visitor.request.path_params.get("ref")
    link = Link(f"/cases/{ref}", t("error.to_case")) if ref else None
    if refusals.is_conflict(refusal):
        return error_page(visitor, 409, t("error.conflict"), [reason, t("error.conflict_said")], link)
    return error_page(visitor, 422, t("error.refused"), [reason, remedy], link)


def _too_much_read(visitor: Visitor, refusal: TooMuchRead) -> Response:
    """Very many files within an hour: no further one for now. Source: guard rail 2."""
    t = visitor.t
    pace.stopped(visitor.db, refusal, visitor.now)
    at = hour(refusal.again, visitor.zone)
    said = [t("refusal.read_pace_reason"), t("refusal.read_pace_remedy", at=at)]
    answer = error_page(visitor, 429, t("error.too_much_read"), said)
    answer.headers["retry-after"] = str(max(1, int((refusal.again - visitor.now).total_seconds())))
    return answer


def for_api(request: Request) -> bool:
    return request.url.path.startswith("/api/")


def api_problem(status: int, field: str, rule: str, remedy: str) -> JSONResponse:
    """The one shape of every refusal of the interface."""
    return JSONResponse({"problems": [{"field": field, "rule": rule, "remedy": remedy}]}, status_code=status)


UNFINISHED = {"factor": "/sign-in/code", "enrol": "/second-factor/new"}
"""where somebody goes on who did not finish signing in"""


def to_sign_in(request: Request) -> Response:
    """To the page where one says who one is; what was asked for is remembered."""
    visitor = Visitor(request)
    if visitor.session is not None and visitor.session.stage in UNFINISHED:
        return visitor.to(UNFINISHED[visitor.session.stage])
    page = "/choose" if visitor.demo else "/sign-in"
    if request.method != "GET":
        return visitor.to(page, "session_over" if visitor.asked.had_session else "")
    path = request.url.path
    return visitor.to(page if visitor.demo or path == "/" else f"{page}?next={quote(path)}")


def _page_errors(app: FastAPI) -> None:
    async def sign_in(request: Request, _: Exception) -> Response:
        return await run_in_threadpool(to_sign_in, request)

    async def step_up(request: Request, error: Exception) -> Response:
        from web.step_up import first

        assert isinstance(error, StepUpFirst)
        return await run_in_threadpool(first, request, error)

    async def old_form(request: Request, _: Exception) -> Response:
        visitor = Visitor(request)
        title, said = visitor.t("error.form_old"), [visitor.t("error.form_old_said")]
        return await run_in_threadpool(error_page, visitor, 403, title, said)

    async def refusal(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        if for_api(request):
            return api_problem(409 if refusals.is_conflict(error) else 422, error.field, error.reason, error.remedy)
        return await run_in_threadpool(refused, Visitor(request), error)

    app.exception_handler(SignInFirst)(sign_in)
    app.exception_handler(StepUpFirst)(step_up)
    app.exception_handler(FormRefused)(old_form)
    app.exception_handler(Refused)(refusal)


API_WORDS = {
    404: ("there is nothing at this address", "see /api/v1/openapi.json"),
    405: ("this method is not allowed here", "see /api/v1/openapi.json"),
    413: ("the request is too large", "send fewer notifications at once"),
}


def _plain_errors(app: FastAPI) -> None:
    async def too_large(request: Request, _: Exception) -> Response:
        if for_api(request):
            return api_problem(413, "", *API_WORDS[413])
        visitor = Visitor(request)
        title, said = visitor.t("error.too_large"), [visitor.t("error.too_large_said")]
        return await run_in_threadpool(error_page, visitor, 413, title, said)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        status, headers = error.status_code, error.headers
        if for_api(request):
            answer: Response = api_problem(status, "", *API_WORDS.get(status, API_WORDS[404]))
        elif status == 404:
            answer = await run_in_threadpool(not_found, Visitor(request))
        else:
            visitor = Visitor(request)
            title = visitor.t("error.method" if status == 405 else "error.refused")
            answer = await run_in_threadpool(error_page, visitor, status, title, [])
        answer.headers.update(headers or {})
        return answer

    async def unfit(request: Request, _: Exception) -> Response:
        if for_api(request):
            return api_problem(422, "", "the request does not have the agreed form", "see /api/v1/openapi.json")
        return await run_in_threadpool(not_found, Visitor(request))

    app.exception_handler(TooLarge)(too_large)
    app.exception_handler(HTTPException)(http)
    app.exception_handler(RequestValidationError)(unfit)


class Faults:
    """ASGI middleware: what nobody foresaw becomes a page with a number. Nothing is raised on: the server would log
    the text of the error, which may quote somebody.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            reference = secrets.token_hex(4)
            # What is wrong with a setting or with the keys is told whole: it names no person.
            said = str(error) if isinstance(error, SettingsFault) else type(error).__name__
            log.error("fault %s: %s at %s", reference, said, where(error))
            if not started:
                answer = await run_in_threadpool(_fault, Request(scope), reference)
                await answer(scope, receive, send)


def _fault(request: Request, reference: str) -> Response:
    if for_api(request):
        return api_problem(500, "", f"something went wrong here, reference {reference}", "try again later")
    try:
        visitor = Visitor(request)
        said = [visitor.t("error.fault_said", reference=reference)]
        return error_page(visitor, 500, visitor.t("error.fault"), said)
    except Exception:
        return Response(f"sluis: 500, {reference}", status_code=500, media_type="text/plain")


def where(error: BaseException) -> str:
    """File and line of each frame, innermost last: no values."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)


def install(app: FastAPI) -> None:
    _page_errors(app)
    _plain_errors(app)
    app.add_middleware(Faults)
