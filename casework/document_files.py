"""Checking a file before it is sealed: what it is by its content, that it is no bomb, and a name that harms nobody.

A short list is allowed. The name and what the browser says count for nothing: only the bytes do.
"""

import contextlib
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from typing import NamedTuple

import puremagic

from protocol.errors import Problem, Refused

MOST_BYTES = 10 * 1024 * 1024
MOST_UNPACKED = 100 * 1024 * 1024
"""bytes in an office file, as they really unpack: what its directory says can lie"""
MOST_PARTS = 2000
MOST_RATIO = 200
"""how many times larger than packed; real text documents stay under 20"""
NAME_LENGTH = 100
_PORTION = 256 * 1024
_BAD_IN_NAMES = re.compile(r'[\\/:*?"<>|;%\x00-\x1f\x7f]+')
_MACROS = re.compile(r"(^|/)(vbaProject\.bin|Basic/|Scripts/|activeX/)", re.IGNORECASE)
_TEXT_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
ODT = b"application/vnd.oasis.opendocument.text"


class FileRefused(Refused):
    """A file that is not taken: which rule, and what to do."""

    def __init__(self, rule: str, reason: str, remedy: str) -> None:
        super().__init__(rule, reason, remedy, "file", (Problem("file", reason, remedy),))


class Kind(NamedTuple):
    ending: str
    media_type: str


class Checked(NamedTuple):
    name: str
    kind: Kind


def check(name: str, content: bytes) -> Checked:
    """What this file is, under a clean name with the ending of what it is. Raises FileRefused."""
    if not content:
        raise FileRefused("document.empty", "this file is empty", "choose the file once more")
    if len(content) > MOST_BYTES:
        raise FileRefused("document.too-large", "a file may have 10 MB at most", "make it smaller, or split it")
    kind = next((kind for kind, is_it in KINDS.items() if is_it(content)), None)
    if kind is None:
        raise FileRefused(
            "document.type", "this kind of file is not taken", "give a PDF, PNG, JPEG, DOCX, ODT or plain text file"
        )
    return Checked(clean_name(name, kind.ending), kind)


def clean_name(name: str, ending: str) -> str:
    """A file name without folders, control characters or tricks of writing direction, with this ending."""
    plain = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    plain = "".join(c for c in plain if unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cs", "Cn"))
    plain = _BAD_IN_NAMES.sub(" ", plain)
    stem = plain.rpartition(".")[0] or plain
    stem = " ".join(stem.split()).strip(". ")[: NAME_LENGTH - len(ending)].strip(". ")
    return f"{stem or 'document'}{ending}"


def _known_as(content: bytes, *endings: str) -> bool:
    """A second opinion, so that one mistake here does not let something in."""
    with contextlib.suppress(puremagic.PureError, ValueError):
        return any(match.extension in endings for match in puremagic.magic_string(content[:4096] + content[-4096:]))
    return False


def _is_pdf(content: bytes) -> bool:
    return content.startswith(b"%PDF-") and b"%%EOF" in content[-2048:] and _known_as(content, ".pdf")


def _is_png(content: bytes) -> bool:
    framed = content.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR") and b"IEND" in content[-16:]
    return framed and _known_as(content, ".png")


def _is_jpeg(content: bytes) -> bool:
    framed = content.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in content[-64:]
    return framed and _known_as(content, ".jpg", ".jpeg", ".jfif")


def _is_text(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return _TEXT_CONTROLS.search(content) is None and not content.startswith((b"%PDF", b"PK\x03\x04"))


def _is_docx(content: bytes) -> bool:
    names = _parts(content)
    return {"[Content_Types].xml", "word/document.xml"} <= names


def _is_odt(content: bytes) -> bool:
    names = _parts(content)
    return {"mimetype", "content.xml"} <= names and content[30:].startswith(b"mimetype" + ODT)


def _parts(content: bytes) -> set[str]:
    """The names in an office file. Raises FileRefused for a bomb, a macro or a part that cannot be read."""
    if not content.startswith(b"PK\x03\x04"):
        return set()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            names = {info.filename for info in infos}
            if not names & {"word/document.xml", "content.xml"}:
                return set()
            _must_be_harmless(infos)
            _must_unpack(archive, infos, len(content))
            return names
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, zlib.error):
        raise FileRefused("document.damaged", "this office file is damaged", "save it once more, or as a PDF") from None


def _must_be_harmless(infos: list[zipfile.ZipInfo]) -> None:
    if any(_MACROS.search(info.filename) for info in infos):
        raise FileRefused("document.macros", "this office file holds macros", "save it without macros, or as a PDF")
    if any(info.flag_bits & 1 for info in infos):
        raise FileRefused("document.password", "this file is locked with a password", "save it without a password")


def _must_unpack(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo], packed: int) -> None:
    """Unpack everything once, a portion at a time, and stop where it grows beyond measure."""
    bomb = FileRefused("document.bomb", "this file unpacks to far too much", "save it once more, or as a PDF")
    if len(infos) > MOST_PARTS:
        raise bomb
    left = min(MOST_UNPACKED, max(packed * MOST_RATIO, _PORTION))
    for info in infos:
        with archive.open(info) as part:
            while portion := part.read(_PORTION):
                left -= len(portion)
                if left < 0:
                    raise bomb


KINDS: dict[Kind, Callable[[bytes], bool]] = {
    Kind(".pdf", "application/pdf"): _is_pdf,
    Kind(".png", "image/png"): _is_png,
    Kind(".jpg", "image/jpeg"): _is_jpeg,
    Kind(".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"): _is_docx,
    Kind(".odt", ODT.decode()): _is_odt,
    Kind(".txt", "text/plain; charset=utf-8"): _is_text,
}
