"""The certificate of an erasure: what was erased, when, by whom, on which ground. It names nobody, and is signed."""

import datetime as dt
from typing import NamedTuple

import sqlalchemy as sa

from casework import clock, protocols, read_log
from casework.db import Database
from casework.errors import NotFound
from casework.loading import load
from casework.statements import Statement
from models.base import table_of
from models.cases import ReleaseCase
from models.documents import Document
from protocol.commands import Actor
from protocol.visibility import may

_CASE, _DOCUMENT = table_of(ReleaseCase), table_of(Document)
_ERASED = Statement(
    sa.select(
        _CASE.c.key_id, _CASE.c.person_id, _CASE.c.head_seq, _CASE.c.head_hash,
        sa.select(sa.func.count()).where(_DOCUMENT.c.case_id == _CASE.c.id).scalar_subquery(),
    ).where(_CASE.c.id == sa.bindparam("case"))
)  # fmt: skip


class Erased(NamedTuple):
    """One destroyed key, as its tombstone says, with the signature over exactly these words."""

    what: str
    words: str
    signature: str


class Certificate(NamedTuple):
    ref: str
    erased_at: dt.datetime
    by: str
    ground: str
    erased: list[Erased]
    """the case, and the person concerned when no other case was left"""
    documents: int
    """files that were in the case"""
    entries: int
    """entries of its ledger, which stay and can be read by nobody"""
    last_hash: str
    public_key: str
    """with which anybody can check the signatures (Ed25519)"""


def certificate(db: Database, actor: Actor, ref: str, at: dt.datetime | None = None) -> Certificate:
    """The certificate of an erased case. Raises NotFound: also for a case that was not erased, and for strangers."""
    at = at or clock.now()
    with db.write() as tx:
        case = load(tx, ref, actor, lock=False)
        protocol = protocols.version(tx, db, case.protocol_key, case.protocol_version)
        decision = may(protocol, actor, "certify", "", case.relations)
        row = tx.one(_ERASED, {"case": case.id})
        assert row is not None
        key_id, person_id, entries, last_hash, files = row
        stones = db.keys.tombstones()
        own = [stone for stone in stones if stone.key_id == key_id and stone.what == "case" and stone.id == case.id]
        if own:
            read_log.note(tx, actor, case.id, "certificate", decision, at, [case.ref])
    if not own or not decision.allowed:
        raise NotFound
    case_stone = own[0]
    with_it = [s for s in stones if s.what == "person" and s.id == person_id and s.at == case_stone.at]
    return Certificate(
        ref=case.ref,
        erased_at=dt.datetime.fromisoformat(case_stone.at),
        by=case_stone.by,
        ground=case_stone.ground,
        erased=[
            Erased(stone.what, stone.words().decode(), db.keys.sign(stone.words()).hex())
            for stone in (case_stone, *with_it)
        ],
        documents=int(files),
        entries=int(entries),
        last_hash=bytes(last_hash).hex(),
        public_key=db.keys.public_key.hex(),
    )
