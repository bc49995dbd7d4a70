"""The link of an invitation on its way by mail: no name in it, and the link sealed while it waits in the outbox."""

from __future__ import annotations

import base64
import datetime as dt

from casework import outbox
from casework.db import Database
from casework.sealing import seal, unseal
from casework.statements import Tx
from models.people import Staff

KIND = "sign_in_link"


def queue_link(db: Database, tx: Tx, member: Staff, path: str, digest: bytes, kind: str, at: dt.datetime) -> bool:
    """Put the mail into the outbox; False where no mail can be sent: then the page shows the link, and nothing waits."""
    if db.settings.smtp_url is None or not member.email:
        return False
    key = f"{KIND}:{digest.hex()[:32]}"
    sealed = seal(db.keys.purpose_sealer("accounts"), path.encode(), key.encode())
    payload = {"staff": member.id, "kind": kind, "sealed": base64.b64encode(sealed).decode()}
    outbox.put(tx, KIND, key, payload, at)
    return True


def path_of(db: Database, item: outbox.Item) -> str:
    """The path of the link that a row of the outbox holds. Raises SealBroken."""
    sealed = base64.b64decode(item.payload["sealed"])
    return unseal(db.keys.purpose_sealer("accounts"), sealed, item.dedupe_key.encode()).decode()
