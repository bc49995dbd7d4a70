"""Pages: Jinja2 with nothing undefined, everything escaped, and view models instead of rows."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

HERE = Path(__file__).parent


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["stylesheet"] = stylesheet()
    return made


@cache
def stylesheet() -> str:
    """The address of the stylesheet; it changes with the content, so a browser may keep it."""
    digest = sha256((HERE / "static" / "sluis.css").read_bytes()).hexdigest()[:12]
    return f"/static/sluis.css?{digest}"


def page(name: str, context: dict[str, Any], status: int = 200) -> HTMLResponse:
    return HTMLResponse(environment().get_template(name).render(context), status_code=status)
