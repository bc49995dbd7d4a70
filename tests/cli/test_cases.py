"""`sluis case show` and `sluis compliance` tell what went otherwise in the language that is asked for."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from casework.db import Database
from tests.casework.helpers import assigned_case, later

pytestmark = [pytest.mark.usefixtures("partnership"), pytest.mark.parametrize("db", ["sqlite"], indirect=True)]


def sluis(db: Database, *words: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()", *words],
        env={**os.environ, "SLUIS_HOME": str(db.settings.home), "SLUIS_NOW": later(days=20).isoformat()},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def as_json(db: Database, *words: str) -> Any:
    return json.loads(sluis(db, *words, "--json"))


def test_a_case_tells_its_deviations(db: Database) -> None:
    ref = assigned_case(db).ref
    assert "Information check is still open, " in sluis(db, "case", "show", ref)
    assert "Informatietoets: staat nog open, " in sluis(db, "case", "show", ref, "--language", "nl")
    found = {each["id"]: each for each in as_json(db, "case", "show", ref, "--language", "fr")["deviations"]}
    assert found["infocheck"]["rule"] == "step.missed" and found["infocheck"]["due"] == "2026-11-16"
    assert found["infocheck"]["words"].startswith("Vérification d'information : étape encore ouverte, ")


def test_one_step_of_the_compliance_table_case_by_case(db: Database) -> None:
    ref = assigned_case(db).ref
    said = sluis(db, "compliance", "--step", "infocheck", "--language", "nl")
    assert said.startswith(f"{ref}  Informatietoets: staat nog open, ")
    (line,) = as_json(db, "compliance", "--step", "infocheck")["lines"]
    assert (line["case"], line["id"], line["working_days_late"]) == (ref, "infocheck", 10)
    assert "Nothing of this step" in sluis(db, "compliance", "--step", "notify")
