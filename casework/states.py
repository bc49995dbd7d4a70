"""The state of a case between transitions: sealed in its row, and remembered in memory as long as it is the same.

Sealing the whole state with every transition would cost more than the transition. So the sealed one lags a few entries
behind, and whoever does not remember the state replays the entries after it.
"""

import threading
from collections import OrderedDict
from typing import Any

from pydantic_core import to_json

from casework.db import Database
from casework.keys import KeyGone
from casework.sealing import Sealer, packed, seal, unpacked, unseal
from protocol.state import CaseState

EVERY = 10
"""entries between two snapshots"""
REMEMBERED = 1000
"""decoded states kept in memory"""
_lock = threading.Lock()


def is_time(before: int, seq: int) -> bool:
    """Whether the entry `seq` calls for a new snapshot, after the one at `before`."""
    return seq - before >= EVERY


def _place(key_id: str, seq: int) -> bytes:
    return f"snapshot:{key_id}#{seq}".encode()


def sealed(key: Sealer, key_id: str, seq: int, state: CaseState) -> bytes:
    """The state after ledger entry `seq`."""
    content = state.__pydantic_serializer__.to_json(state, exclude_defaults=True)
    return seal(key, packed(content), _place(key_id, seq))


def opened(key: Sealer, key_id: str, seq: int, snapshot: bytes) -> CaseState:
    """Raises SealBroken when the row was changed behind the casework's back."""
    content = unpacked(unseal(key, bytes(snapshot), _place(key_id, seq)))
    return CaseState.model_validate_json(content)


def remember(db: Database, case_id: int, head: bytes, state: CaseState) -> None:
    """`head` is the hash of the case's last ledger entry: it says exactly which state this is."""
    with _lock:
        states: OrderedDict[int, tuple[bytes, CaseState]] = db.memory.setdefault("states", OrderedDict())
        states[case_id] = (head, state)
        states.move_to_end(case_id)
        if len(states) > REMEMBERED:
            states.popitem(last=False)


def recall(db: Database, case_id: int, head: bytes) -> CaseState | None:
    found = db.memory.get("states", {}).get(case_id)
    return found[1] if found is not None and found[0] == head else None


def forget(db: Database, case_id: int) -> None:
    with _lock:
        db.memory.get("states", {}).pop(case_id, None)


def key_of(db: Database, key_id: str | None) -> Sealer:
    """The key of a case or person. Raises KeyGone for what was erased."""
    if key_id is None:
        raise KeyGone("")
    return db.keys.sealer(key_id)


def json_bytes(value: Any) -> bytes:
    return to_json(value)
