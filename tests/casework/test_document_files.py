"""What a file is, its bytes say; names and promises of the browser count for nothing."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from casework.document_files import KINDS, MOST_BYTES, NAME_LENGTH, FileRefused, check, clean_name
from tests.casework import file_examples as files


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (files.PDF, ".pdf"), (files.PNG, ".png"), (files.JPEG, ".jpg"), (files.TEXT, ".txt"), (files.DOCX, ".docx"),
        (files.ODT, ".odt"),
    ],
)  # fmt: skip
def test_a_file_gets_the_ending_of_what_it_is(content: bytes, ending: str) -> None:
    found = check("../../plan.exe", content)
    assert (found.name, found.kind.ending) == (f"plan{ending}", ending)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "document.empty"),
        (bytes(MOST_BYTES + 1), "document.too-large"),
        (b"MZ\x90\0" + bytes(200), "document.type"),
        (b"GIF89a" + bytes(20), "document.type"),
        (b"%PDF-1.7 and nothing more \0", "document.type"),
        (b"<svg onload=alert(1)>\0", "document.type"),
        (files.packed({"a.txt": b"x"}), "document.type"),
        (files.packed({"xl/workbook.xml": b"x"}), "document.type"),
        (bytes(files.LOCKED), "document.password"),
        (files.MACROS, "document.macros"),
        (files.BOMB, "document.bomb"),
        (files.packed({**files.DOCX_PARTS, **{f"word/{n}": b"" for n in range(2001)}}), "document.bomb"),
        (files.DOCX[:-30], "document.damaged"),
    ],
)
def test_what_is_not_taken_is_refused_by_its_rule(content: bytes, rule: str) -> None:
    with pytest.raises(FileRefused) as refused:
        check("a.pdf", content)
    assert refused.value.rule == rule and refused.value.remedy and refused.value.field == "file"


def test_a_bomb_whose_directory_lies_is_unpacked_no_further_than_the_limit() -> None:
    lying = bytearray(files.BOMB)
    at = lying.rfind(b"PK\x01\x02")
    lying[at + 24 : at + 28] = (10).to_bytes(4, "little")
    with pytest.raises(FileRefused):
        check("a.docx", bytes(lying))


@given(st.text(max_size=300))
@example("..\\..\\windows\\\u202egnp.exe")
@example('"; filename=evil.html\r\nSet-Cookie: x')
@example(".htaccess")
@example("CON")
def test_a_clean_name_harms_nobody(name: str) -> None:
    found = clean_name(name, ".pdf")
    assert found.endswith(".pdf") and len(found) <= NAME_LENGTH and not found.startswith(".")
    assert found.isprintable() and not set('/\\:*?"<>|;\r\n') & set(found)


@given(st.binary(max_size=400))
def test_any_bytes_are_taken_or_refused_and_nothing_else_happens(content: bytes) -> None:
    try:
        assert check("x", content).kind in KINDS
    except FileRefused as refused:
        assert refused.rule.startswith("document.")


@given(st.integers(0, len(files.DOCX) - 1), st.integers(0, 255))
def test_a_damaged_office_file_is_taken_or_refused(at: int, byte: int) -> None:
    content = bytearray(files.DOCX)
    content[at] = byte
    try:
        check("x", bytes(content))
    except FileRefused as refused:
        assert refused.rule.startswith("document.")
