"""Pages: Jinja2 with nothing undefined, everything escaped, and view models instead of rows."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

HERE = Path(__file__).parent
BUILT = HERE / "static" / "built"


class NotBuilt(Exception):
    """The stylesheet is missing: set-up was not finished."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"{file.name} is not there. Remedy: run `make setup`, which builds the front-end")


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["stylesheet"] = address("sluis.css")
    made.globals["typeface"] = "/static/built/latin.woff2"
    return made


@cache
def address(name: str) -> str:
    """The address of something that was built; it changes with the content, so a browser may keep it."""
    file = BUILT / name
    if not file.is_file():
        raise NotBuilt(file)
    return f"/static/built/{name}?{sha256(file.read_bytes()).hexdigest()[:12]}"


@cache
def own(name: str) -> str:
    """The address of a file that comes with the program."""
    return f"/static/{name}?{sha256((HERE / 'static' / name).read_bytes()).hexdigest()[:12]}"


def page(name: str, context: dict[str, Any], status: int = 200) -> HTMLResponse:
    return HTMLResponse(environment().get_template(name).render(context), status_code=status)
