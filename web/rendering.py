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


PAPER = """
@page { size: A4; margin: 20mm 18mm; @bottom-right { content: counter(page) " / " counter(pages); font-size: 9pt; } }
body { font-family: "Atkinson Hyperlegible Next", "DejaVu Sans", sans-serif; font-size: 10.5pt; line-height: 1.4; }
h1 { font-size: 18pt; margin: 0 0 2mm; } h2 { font-size: 13pt; margin: 6mm 0 2mm; } h3 { font-size: 11pt; margin: 4mm 0 1mm; }
dt { font-weight: bold; margin-top: 1.5mm; } dd { margin: 0; } p { margin: 0 0 2mm; }
table { border-collapse: collapse; width: 100%; } caption.hidden { display: none; }
th, td { text-align: left; vertical-align: top; padding: 1mm 2mm; border-top: 0.3mm solid #999; font-weight: normal; }
thead th { font-weight: bold; border-top: 0; } .quiet { color: #444; } .number { text-align: right; }
.two-columns { columns: 2; column-gap: 8mm; } .box { border: 0.4mm solid #0b4f4a; padding: 3mm 4mm; margin: 4mm 0; }
"""


class NoPaper(Exception):
    """PDF files cannot be made on this machine."""

    def __init__(self) -> None:
        super().__init__("PDF files need the system's pango. Remedy: run `make setup`, which installs it or says how")


def pdf(name: str, context: dict[str, Any]) -> bytes:
    """A page on paper, as accessible PDF. Nothing is fetched from anywhere."""
    try:
        from weasyprint import CSS, HTML
        from weasyprint.text.fonts import FontConfiguration
    except OSError:
        raise NoPaper from None
    fonts = FontConfiguration()
    face = (
        f"@font-face {{ font-family: 'Atkinson Hyperlegible Next'; src: url('{(BUILT / 'latin.woff2').as_uri()}'); }}"
    )
    sheets = [CSS(string=face, font_config=fonts), CSS(string=PAPER, font_config=fonts)]
    written = environment().get_template(name).render(context)
    made: bytes = HTML(string=written).write_pdf(stylesheets=sheets, font_config=fonts, pdf_variant="pdf/ua-1")
    return made
