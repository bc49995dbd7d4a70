"""Prisons: whom to call, when one is let in, and how. Kept by the administrator, read by who goes there.

The ledger tells that a prison was changed and by whom; names and numbers stand in the table alone.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import select

from casework import ledger, protocols
from casework.checked import Checks
from casework.db import Database
from casework.errors import NotFound
from casework.notification_words import fold
from casework.statements import Statement, Tx
from models.base import table_of
from models.prisons import Prison
from protocol.commands import Actor

_PRISON = table_of(Prison)
_p = sa.bindparam
KEPT = ("name", "hours", "address", "entry", "phones", "contacts", "changed_at")
PHONE_COLUMNS = ("what", "number")
CONTACT_COLUMNS = ("name", "function", "phone", "email")
_INSERT = Statement(sa.insert(_PRISON).values({name: _p(name) for name in ("id", *KEPT)}))
_UPDATE = Statement(sa.update(_PRISON).where(_PRISON.c.id == _p("which")).values({name: _p(name) for name in KEPT}))
_DELETE = Statement(sa.delete(_PRISON).where(_PRISON.c.id == _p("which")))
_NAMES = Statement(sa.select(_PRISON.c.id, _PRISON.c.name))


def every(db: Database) -> list[Prison]:
    """All prisons, by name."""
    with db.session() as session:
        return list(session.exec(select(Prison).order_by(_PRISON.c.name)).all())


def find(db: Database, prison_id: str) -> Prison:
    """Raises NotFound."""
    with db.session() as session:
        found = session.get(Prison, prison_id)
    if found is None:
        raise NotFound
    return found


def id_of(db: Database, name: str | None) -> str | None:
    """The id of the prison that a case or a notification names; None where nobody wrote it down."""
    with db.read() as tx:
        return next((found for found, known in tx.all(_NAMES, {}) if same(name, known)), None)


def same(name: str | None, known: str) -> bool:
    """Whether somebody wrote the name of this prison, in whatever letters."""
    return bool(name) and fold(name or "") == fold(known)


def save(db: Database, actor: Actor, given: Mapping[str, Any], at: dt.datetime, prison_id: str | None = None) -> str:
    """Add a prison, or change one; its id. Raises Refused with every field that is wrong, NotFound."""
    with db.write() as tx:
        protocols.must_administer(tx, db, actor)
        known = {row[0]: row[1] for row in tx.all(_NAMES, {})}
        if prison_id is not None and prison_id not in known:
            raise NotFound
        fields = _read(given, {fold(name) for found, name in known.items() if found != prison_id})
        if prison_id is None:
            prison_id = f"p-{secrets.token_hex(4)}"
            tx.run(_INSERT, {"id": prison_id, "changed_at": at, **fields})
        else:
            tx.run(_UPDATE, {"which": prison_id, "changed_at": at, **fields})
        _tell(tx, actor, at, prison_id, "prison_changed")
    return prison_id


def remove(db: Database, actor: Actor, prison_id: str, at: dt.datetime) -> None:
    """Forget a prison's numbers; cases keep its name. Raises NotFound."""
    with db.write() as tx:
        protocols.must_administer(tx, db, actor)
        if prison_id not in {found for found, _ in tx.all(_NAMES, {})}:
            raise NotFound
        tx.run(_DELETE, {"which": prison_id})
        _tell(tx, actor, at, prison_id, "prison_removed")


def _tell(tx: Tx, actor: Actor, at: dt.datetime, prison_id: str, what: str) -> None:
    ledger.append_to(tx, ledger.PARTNERSHIP, at, actor.id, what, {"prison": prison_id})


def _read(given: Mapping[str, Any], taken: set[str]) -> dict[str, Any]:
    checks = Checks(given)
    found: dict[str, Any] = {
        "name": checks.text("name", 80, needed=True),
        "hours": checks.lines("hours", 600),
        "address": checks.lines("address", 300),
        "entry": checks.lines("entry", 1200),
        "phones": [],
        "contacts": [],
    }
    if found["name"] and fold(found["name"]) in taken:
        checks.wrong("name", "there is a prison of this name already", "change that one, or give another name")
    for row in checks.rows("phones", PHONE_COLUMNS):
        number = row.phone(f"{row.prefix}number", needed=True)
        found["phones"].append({"what": row.text(f"{row.prefix}what", 60), "number": number})
    for row in checks.rows("contacts", CONTACT_COLUMNS):
        found["contacts"].append(
            {
                "name": row.text(f"{row.prefix}name", 80, needed=True),
                "function": row.text(f"{row.prefix}function", 80),
                "phone": row.phone(f"{row.prefix}phone"),
                "email": row.email(f"{row.prefix}email"),
            }
        )
    checks.must_hold("prison.form")
    return found
