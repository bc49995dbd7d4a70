"""Opening a SQLite file: encrypted, in WAL, durable."""

from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlcipher

BUSY_SECONDS = 30.0
# Every page that a commit touches is encrypted whole and sealed with an HMAC, which is most of what a commit costs:
# smaller pages, and the hash that processors have in hardware. Part of the file format; set before the first page.
CIPHER = ("cipher_page_size=2048", "cipher_hmac_algorithm=HMAC_SHA256")


def give_key(connection: Any, key: bytes) -> None:
    """Key a connection on which no page was read yet. A raw key costs nothing; a passphrase 80 ms."""
    connection.execute(f"PRAGMA key=\"x'{key.hex()}'\"")
    for setting in CIPHER:
        connection.execute(f"PRAGMA {setting}")


def open_sqlite(path: Path, key: bytes | None) -> Any:
    """A connection of the driver, keyed and set for durability."""
    connection = sqlcipher.connect(str(path), timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    if key is not None:
        give_key(connection, key)
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {setting}")
    return connection
