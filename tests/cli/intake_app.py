"""The commands for what comes in, as an application of their own, on a home of their own."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from cli import intake

SAMPLES = Path(__file__).parents[2] / "samples"
app = typer.Typer()
app.command("notify")(intake.notify)
app.command("adopt")(intake.adopt)
app.command("pull")(intake.pull)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new home on Monday 23 November 2026."""
    monkeypatch.setenv("SLUIS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SLUIS_NOW", "2026-11-23T09:30")
    monkeypatch.delenv("SLUIS_DATABASE_URL", raising=False)
    return tmp_path / "home"


def sluis(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def answered(*words: object, code: int = 0) -> Any:
    done = sluis(*words, "--json")
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def outcomes(answer: Any) -> list[str]:
    return [row["outcome"] for row in answer["rows"]]
