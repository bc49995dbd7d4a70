"""What happens with accounts, in the ledger: a stream per member of staff. Ids and kinds only, never an address."""

import datetime as dt

from casework import ledger
from casework.statements import Tx

NOBODY = "nobody"
"""the stream of attempts on accounts that do not exist"""


def stream(staff: str) -> str:
    return f"account:{staff}"


def note(tx: Tx, staff: str, at: dt.datetime, what: str, by: str = "", **more: object) -> None:
    """`signed_in`, `refused`, `signed_out`, `invited` … `at` is business time, as everywhere in the ledger."""
    ledger.append_to(tx, stream(staff), at, by or staff, what, {"staff": staff, **more})
