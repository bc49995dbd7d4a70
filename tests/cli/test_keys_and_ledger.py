"""`sluis keys` and `sluis ledger`, as an operator types them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from casework.db import Database
from tests.casework.helpers import assigned_case

pytestmark = pytest.mark.usefixtures("partnership")


def sluis(db: Database, *words: str, exits: int = 0) -> Any:
    ran = subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()", *words, "--json"],
        env={**os.environ, "SLUIS_HOME": str(db.settings.home)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == exits, ran.stderr
    assert "Traceback" not in ran.stderr
    return json.loads(ran.stdout)


def test_the_master_key_is_changed_and_the_ledger_verified(db: Database, tmp_path: Path) -> None:
    if db.kind != "sqlite":
        pytest.skip("the commands are the same on both")
    assigned_case(db)
    file = str(tmp_path / "checkpoint.json")
    assert sluis(db, "ledger", "checkpoint", "-o", file)["intact"]
    assert sluis(db, "keys", "status")["wraps_with"] == 1
    assert sluis(db, "keys", "rotate", "--portion", "1")["version"] == 2
    found = sluis(db, "keys", "status")
    assert (found["versions"], found["damaged"], found["unfinished"]) == ([2], 0, False)
    assert sluis(db, "ledger", "verify", "--checkpoint", file, "--state")["intact"]
    with db.begin() as connection:
        connection.exec_driver_sql("UPDATE release_case SET lead = 's-omar'")
    assert sluis(db, "ledger", "verify")["intact"]
    assert sluis(db, "ledger", "verify", "--checkpoint", file, exits=1)["first_fault"]["stream"] == "case:2026-001"
    assert not sluis(db, "ledger", "verify", "--state", exits=1)["intact"]
