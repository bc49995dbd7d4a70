"""Verify the ledger: what is checked, what was found, and what that proves and what not."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from casework import jobs, proofs
from casework.errors import NotFound
from protocol.errors import Refused
from web import refusals
from web.browser import uploaded
from web.dates import moment_words
from web.lists import must_have
from web.visitor import Visitor, member, posted

router = APIRouter()
PAGE = "/ledger"
KINDS = (proofs.VERIFY, proofs.CHECKPOINT)
FAULTS = {
    "changed": "ledger.fault_changed",
    "missing or out of order": "ledger.fault_order",
    "stream removed": "ledger.fault_removed",
    "unknown stream": "ledger.fault_unknown",
    "tail cut": "ledger.fault_tail",
    "checkpoint: not a checkpoint that can be read": "ledger.fault_unreadable",
    "checkpoint: not signed by this partnership": "ledger.fault_unsigned",
}
"""What verify finds, in words; everything else concerns a row that no longer fits the ledger."""


class Line(NamedTuple):
    """One earlier piece of work."""

    href: str
    when: str
    what: str
    words: str
    tone: str


@router.get(PAGE)
def show(v: Visitor = Depends(member)) -> Response:
    must_have(v, PAGE)
    return _page(v)


def _page(v: Visitor, problem: str = "") -> Response:
    lines = [_line(v, each) for each in jobs.latest(v.db, *KINDS)]
    return v.page("ledger.html", status=409 if problem else 200, lines=lines, problem=problem)


def _line(v: Visitor, found: jobs.State) -> Line:
    words, tone = _verdict(v, found)
    what = v.t("ledger.verifying" if found.job.kind == proofs.VERIFY else "ledger.signing")
    return Line(f"{PAGE}/{found.job.id}", moment_words(found.job.started_at, v.t.language, v.zone), what, words, tone)


def _verdict(v: Visitor, found: jobs.State) -> tuple[str, str]:
    if found.status != "done":
        return v.t.of("ledger", f"is_{found.status}"), "" if found.status == "running" else "late"
    intact = bool((found.job.result or {}).get("intact"))
    return (v.t("ledger.intact"), "done") if intact else (v.t("ledger.not_intact"), "late")


@router.post(PAGE)
async def verify(v: Visitor = Depends(member), form: FormData = Depends(uploaded)) -> Response:
    """Begin; the page of the work says how far it is."""
    file = form.get("checkpoint")
    content = await file.read() if isinstance(file, UploadFile) else b""
    return await run_in_threadpool(_verify, v, content, state=form.get("state") is not None)


def _verify(v: Visitor, content: bytes, *, state: bool) -> Response:
    must_have(v, PAGE)
    try:
        job = proofs.start_verifying(v.db, v.actor, content or None, v.now, state=state)
    except Refused as refused:
        return _busy(v, refused)
    return v.to(f"{PAGE}/{job}")


@router.post("/ledger/checkpoint")
def sign(v: Visitor = Depends(member), form: FormData = Depends(posted)) -> Response:
    must_have(v, PAGE)
    try:
        job = proofs.start_signing(v.db, v.actor, v.now)
    except Refused as refused:
        return _busy(v, refused)
    return v.to(f"{PAGE}/{job}")


def _busy(v: Visitor, refused: Refused) -> Response:
    if refused.rule != "job.running":
        raise refused
    return _page(v, " ".join(refusals.words(v.t, refused)))


@router.get("/ledger/{job}")
def one(job: str, v: Visitor = Depends(member)) -> Response:
    must_have(v, PAGE)
    found = jobs.find(v.db, job, *KINDS)
    result = found.job.result or {}
    words, tone = _verdict(v, found)
    fault = result.get("first_fault") or {}
    return v.page(
        "ledger_job.html", status_key=found.status, verdict=words, tone=tone, signing=found.job.kind == proofs.CHECKPOINT,
        so_far=found.job.done, total=found.job.total, percent=min(100, 100 * found.job.done // (found.job.total or 1)),
        streams=result.get("streams", 0), entries=result.get("entries", 0), with_checkpoint=bool(result.get("checkpoint")),
        with_state=bool(result.get("state")), fault=_fault(v, fault) if fault else "",
        where=_where(v, fault) if fault.get("stream") else "", by=v.names.get(found.job.by, ""),
        when=moment_words(found.job.started_at, v.t.language, v.zone), again=f"{PAGE}/{job}",
        download=f"{PAGE}/{job}/checkpoint.json" if result.get("signed") else "",
    )  # fmt: skip


def _fault(v: Visitor, fault: dict[str, object]) -> str:
    return v.t(FAULTS.get(str(fault["fault"]), "ledger.fault_row"))


def _where(v: Visitor, fault: dict[str, object]) -> str:
    return v.t("ledger.where", stream=fault["stream"], seq=fault["seq"])


@router.get("/ledger/{job}/checkpoint.json")
def download(job: str, v: Visitor = Depends(member)) -> Response:
    must_have(v, PAGE)
    found = jobs.find(v.db, job, proofs.CHECKPOINT)
    signed = (found.job.result or {}).get("signed")
    if not signed:
        raise NotFound
    name = f"sluis-checkpoint-{found.job.started_at:%Y-%m-%d}.json"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return v.answer(Response(signed, media_type="application/json", headers=headers))
