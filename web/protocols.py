"""Versions of the protocol: which there are, what one says, how two differ, a new one, who signed."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from casework import jobs, versions
from casework.versions import Version
from protocol.aloud import aloud
from protocol.compare import diff
from protocol.errors import Fault, ProtocolFault, Refused
from web import refusals
from web.administration.asking import problems_of
from web.browser import uploaded
from web.dates import moment_words, read_day, short_day
from web.forms import Control, Option, summary
from web.lists import must_have
from web.visitor import Visitor, member, posted

router = APIRouter()
PAGE = "/protocols"
TONES = {"approved": "done", "informal": "", "draft": "plain"}
MOST_FAULTS = 30


class Line(NamedTuple):
    href: str
    version: str
    status: str
    tone: str
    since: str
    cases: int
    current: bool
    compare: str


class Signed(NamedTuple):
    """One organisation that must sign."""

    id: str
    organisation: str
    words: str
    done: bool


def path_of(found: Version) -> str:
    return f"{PAGE}/{found.key}/{found.version}"


def decides(v: Visitor) -> bool:
    return v.has("coordinator")


@router.get(PAGE)
def every(v: Visitor = Depends(member)) -> Response:
    must_have(v, PAGE)
    groups: dict[str, list[Line]] = {}
    titles: dict[str, str] = {}
    found = versions.every(v.db)
    for n, each in enumerate(found):
        lines = groups.setdefault(each.key, [])
        titles.setdefault(each.key, v.t.text(versions.text_of(v.db, each.key, each.version).title))
        before = next((one for one in found[n + 1 :] if one.key == each.key), None)
        current = each.in_force_at is not None and not any(line.current for line in lines)
        since = _day(v, each.in_force_at) if each.in_force_at else ""
        compare = f"{path_of(each)}/compare?to={before.version}" if before else ""
        lines.append(
            Line(path_of(each), each.version, v.t.of("version_status", each.status), TONES[each.status], since, each.cases,
                 current, compare)
        )  # fmt: skip
    waiting = [
        (
            f"{PAGE}/checks/{state.job.id}",
            moment_words(state.job.started_at, v.t.language, v.zone),
            _state_words(v, state),
        )
        for state in jobs.latest(v.db, versions.CHECK)
    ]
    return v.page(
        "protocols.html", groups=[(titles[key], lines) for key, lines in groups.items()], checks=waiting,
        may_upload=v.has("coordinator", "administrator"),
    )  # fmt: skip


def _day(v: Visitor, at: dt.datetime) -> str:
    return short_day(at.astimezone(v.zone).date(), v.t.language)


def _state_words(v: Visitor, state: jobs.State) -> str:
    if state.status != "done":
        return v.t.of("ledger", f"is_{state.status}")
    return v.t("protocols.sound") if (state.job.result or {}).get("sound") else v.t("protocols.not_sound")


# --- a new version


@router.get("/protocols/new")
def ask_new(v: Visitor = Depends(member)) -> Response:
    must_have(v, "/protocols/new")
    v.must_step_up()  # here and not after the choice of a file: a browser does not let one be sent again
    return _new_page(v)


def _new_page(v: Visitor, faults: list[Fault] | None = None, refused: Refused | None = None) -> Response:
    said = " ".join(refusals.words(v.t, refused)) if refused else v.t("protocols.has_faults") if faults else ""
    control = Control("file", "file", "file", v.t("protocols.file"), v.t("protocols.file_hint"), problem=said)
    return v.page(
        "protocol_new.html", status=422 if said else 200, control=control, problems=summary([control]),
        faults=[_fault(v, each) for each in (faults or [])[:MOST_FAULTS]], more=max(0, len(faults or []) - MOST_FAULTS),
    )  # fmt: skip


def _fault(v: Visitor, fault: Fault) -> tuple[int, str, str, str]:
    """Line, place, rule and remedy. The language of protocol files speaks English; what is known is told in the page's."""
    return fault.line, fault.field, refusals.sentence(v.t, fault.rule), refusals.sentence(v.t, fault.remedy)


@router.post("/protocols/new")
async def add(v: Visitor = Depends(member), form: FormData = Depends(uploaded)) -> Response:
    file = form.get("file")
    content = await file.read() if isinstance(file, UploadFile) else b""
    name = (file.filename or "") if isinstance(file, UploadFile) else ""
    return await run_in_threadpool(_add, v, content, name)


def _add(v: Visitor, content: bytes, name: str) -> Response:
    must_have(v, "/protocols/new")
    v.must_step_up()
    try:
        job = versions.upload(v.db, v.actor, content, name or "protocol.yaml", v.now)
    except ProtocolFault as fault:
        return _new_page(v, fault.faults)
    except Refused as refused:
        if refused.rule not in ("protocol.version", "job.running"):
            raise
        return _new_page(v, refused=refused)
    return v.to(f"{PAGE}/checks/{job}")


@router.get("/protocols/checks/{job}")
def checked(job: str, v: Visitor = Depends(member)) -> Response:
    must_have(v, PAGE)
    state = jobs.find(v.db, job, versions.CHECK)
    result = state.job.result or {}
    sound = bool(result.get("sound"))
    faults = [
        (each["field"], refusals.sentence(v.t, each["rule"]), refusals.sentence(v.t, each["remedy"]))
        for each in result.get("faults", ())[:MOST_FAULTS]
    ]
    tone = "" if sound else "care" if state.status == "running" else "stop"
    return v.page(
        "protocol_check.html", words=_state_words(v, state), tone=tone, running=state.status == "running",
        so_far=state.job.done, total=state.job.total, again=f"{PAGE}/checks/{job}", faults=faults, result=result,
        draft=f"{PAGE}/{result['key']}/{result['version']}" if sound else "",
    )  # fmt: skip


# --- one version


@router.get("/protocols/{key}/{version}")
def one(key: str, version: str, v: Visitor = Depends(member)) -> Response:
    must_have(v, PAGE)
    return _version_page(v, key, version)


def _version_page(v: Visitor, key: str, version: str, refused: Refused | None = None, who: str = "") -> Response:
    found, text, t = versions.find(v.db, key, version), versions.text_of(v.db, key, version), v.t
    names = {each.id: each.name for each in versions.organisations(v.db)}
    asked = versions.signatures(v.db, key, version)
    signed = [
        Signed(
            each.organisation, names.get(each.organisation, each.organisation),
            t("protocols.signed_by", who=each.name, day=short_day(each.signed_on, t.language)) if each.signed_on else t("protocols.not_signed"),
            each.signed_on is not None,
        )
        for each in asked
    ]  # fmt: skip
    free = [(one, name) for one, name in names.items() if one not in {each.organisation for each in asked}]
    return v.page(
        "protocol.html", status=422 if refused else 200, title_words=t.text(text.title), version=version, path=path_of(found),
        status_words=t.of("version_status", found.status), status_key=found.status, tone=TONES[found.status],
        since=_day(v, found.in_force_at) if found.in_force_at else "", cases=found.cases, source=text.source,
        steps=aloud(text, t.language), signed=signed, free=free, decides=decides(v),
        sign=_sign_controls(v, [each for each in signed if not each.done], refused, who),
        refused=" ".join(refusals.words(t, refused)) if refused and not refused.problems else "",
        in_file=[(each.organisation, short_day(each.on, t.language)) for each in text.signatories],
    )  # fmt: skip


def _sign_controls(v: Visitor, waiting: list[Signed], refused: Refused | None, who: str) -> list[Control]:
    t = v.t
    said = {
        each.field: f"{refusals.sentence(t, each.rule)} {refusals.sentence(t, each.remedy)}"
        for each in problems_of(refused)
    }
    return [
        Control("organisation", "organisation", "select", t("protocols.for_whom"),
                options=tuple(Option(each.id, each.organisation, each.id == who) for each in waiting)),
        Control("name", "name", "text", t("protocols.who"), limits={"maxlength": 80}, problem=said.get("name", "")),
        Control("signed_on", "signed_on", "date", t("protocols.signed_on"), value=v.today.isoformat(),
                problem=said.get("signed_on", "")),
    ]  # fmt: skip


@router.post("/protocols/{key}/{version}/informal")
def informal(key: str, version: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    return _decide(v, key, version, lambda: versions.apply_informally(v.db, v.actor, key, version, v.now))


@router.post("/protocols/{key}/{version}/signatories")
def signatories(key: str, version: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    who = [str(one) for one in form.getlist("organisations")]
    return _decide(v, key, version, lambda: versions.ask_to_sign(v.db, v.actor, key, version, who, v.now))


@router.post("/protocols/{key}/{version}/sign")
def sign(key: str, version: str, v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    who, name = str(form.get("organisation") or ""), str(form.get("name") or "")

    def do() -> Any:
        try:
            on = dt.date.fromisoformat(read_day(str(form.get("signed_on") or "")))
        except ValueError:
            raise Refused("protocol.day", "must be an existing date", "correct the date", "signed_on") from None
        return versions.sign(
            v.db, v.actor, versions.find(v.db, key, version), versions.Signing(who, name, on), v.today, v.now
        )

    return _decide(v, key, version, do, who)


def _decide(v: Visitor, key: str, version: str, do: Any, who: str = "") -> Response:
    must_have(v, PAGE)
    versions.must_decide(v.actor)
    try:
        do()
    except Refused as refused:
        if not refused.rule.startswith("protocol."):
            raise
        return _version_page(v, key, version, refused, who)
    return v.to(f"{PAGE}/{key}/{version}", "version")


# --- two versions


@router.get("/protocols/{key}/{version}/compare")
def compare(key: str, version: str, v: Visitor = Depends(member), to: str = Query("", max_length=40)) -> Response:
    must_have(v, PAGE)
    other = to or next(
        (each.version for each in versions.every(v.db) if each.key == key and each.version != version), version
    )
    before, after = versions.text_of(v.db, key, other), versions.text_of(v.db, key, version)
    options = tuple(
        Option(each.version, each.version, each.version == other) for each in versions.every(v.db) if each.key == key
    )
    changes = [(each.words, each.affects.words) for each in diff(before, after, v.t.language)]
    return v.page(
        "protocol_compare.html", version=version, other=other, changes=changes, path=f"{PAGE}/{key}/{version}",
        control=Control("to", "to", "select", v.t("protocols.compare_with"), options=options),
    )  # fmt: skip
