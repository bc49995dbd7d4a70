"""The person concerned: sealed, and found again by prison and reference without being readable."""

import datetime as dt
import json
import unicodedata
from dataclasses import asdict, dataclass, field

import sqlalchemy as sa

from casework import states
from casework.db import Database
from casework.sealing import Sealer, blind, seal, unseal
from casework.statements import Statement, Tx
from models.base import table_of
from models.cases import ReleaseCase
from models.people import Person, PersonIdentity

_PERSON, _IDENTITY, _CASE = table_of(Person), table_of(PersonIdentity), table_of(ReleaseCase)
_p = sa.bindparam

_BY_IDENTITY = Statement(
    sa.select(_PERSON.c.id, _PERSON.c.key_id, _PERSON.c.sealed)
    .select_from(_IDENTITY.join(_PERSON, _PERSON.c.id == _IDENTITY.c.person_id))
    .where(_IDENTITY.c.identity == _p("identity"))
)
_BY_ID = Statement(sa.select(_PERSON.c.id, _PERSON.c.key_id, _PERSON.c.sealed).where(_PERSON.c.id == _p("person")))
_SAME_NAME_OPEN = Statement(
    sa.select(_CASE.c.ref)
    .select_from(_PERSON.join(_CASE, _CASE.c.person_id == _PERSON.c.id))
    .where(_PERSON.c.name_index == _p("name_index"), _CASE.c.is_open)
    .limit(1)
)
_INSERT = Statement(
    sa.insert(_PERSON)
    .values({name: _p(name) for name in ("key_id", "sealed", "name_index", "added_at")})
    .returning(_PERSON.c.id)
)
_INSERT_IDENTITY = Statement(sa.insert(_IDENTITY))


@dataclass(frozen=True)
class Details:
    """Who a case is about. Kept out of the printed form, so that no log and no traceback carries it."""

    prison: str
    reference: str = field(repr=False)
    family_name: str = field(repr=False)
    given_names: str = field(repr=False)
    birth_date: dt.date = field(repr=False)
    language: str = field(repr=False)


@dataclass(frozen=True)
class Known:
    """A person who is in the database already."""

    id: int
    key_id: str | None
    details: Details | None
    """None: erased"""


def same(text: str) -> str:
    """A spelling without case, accents and doubled spaces: two keyboards write one name in many ways."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(plain.split())


def identity_index(db: Database, prison: str, reference: str) -> bytes:
    """Identity is prison + reference. Source: interface of notifications."""
    return blind(db.keys.index_secret, "identity", same(prison), same(reference))


def name_index(db: Database, details: Details) -> bytes:
    names = (same(details.family_name), same(details.given_names))
    return blind(db.keys.index_secret, "name", *names, details.birth_date.isoformat())


def find(tx: Tx, db: Database, prison: str, reference: str) -> Known | None:
    row = tx.one(_BY_IDENTITY, {"identity": identity_index(db, prison, reference)})
    return None if row is None else _known(db, *row)


def by_id(tx: Tx, db: Database, person_id: int) -> Known | None:
    row = tx.one(_BY_ID, {"person": person_id})
    return None if row is None else _known(db, *row)


def _known(db: Database, person_id: int, key_id: str | None, sealed: bytes | None) -> Known:
    details = None
    if sealed is not None and key_id is not None:
        details = opened_details(states.key_of(db, key_id), key_id, bytes(sealed))
    return Known(person_id, key_id, details)


def opened_details(key: Sealer, key_id: str, sealed: bytes) -> Details:
    """Raises SealBroken."""
    fields = json.loads(unseal(key, sealed, _place(key_id)))
    return Details(**{**fields, "birth_date": dt.date.fromisoformat(fields["birth_date"])})


def same_name_open(tx: Tx, db: Database, details: Details) -> str | None:
    """The open case of a person with the same name and birth date, known by another reference."""
    row = tx.one(_SAME_NAME_OPEN, {"name_index": name_index(db, details)})
    return None if row is None else str(row[0])


def add(tx: Tx, db: Database, details: Details, key_id: str, key: Sealer, at: dt.datetime) -> int:
    sealed = seal(key, states.json_bytes(asdict(details)), _place(key_id))
    row = {"key_id": key_id, "sealed": sealed, "name_index": name_index(db, details), "added_at": at}
    person_id = int(tx.all(_INSERT, row)[0][0])
    add_identity(tx, db, person_id, details.prison, details.reference, at)
    return person_id


def add_identity(tx: Tx, db: Database, person_id: int, prison: str, reference: str, at: dt.datetime) -> None:
    """Another prison's reference for the same person, added by a decision and never by itself."""
    identity = identity_index(db, prison, reference)
    tx.run(_INSERT_IDENTITY, {"identity": identity, "person_id": person_id, "added_at": at})


def _place(key_id: str) -> bytes:
    return f"person:{key_id}".encode()
