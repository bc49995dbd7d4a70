"""Small files of every kind that is taken, and of some that are not."""

import io
import zipfile

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89"
    b"\0\0\0\nIDATx\x9cc\0\1\0\0\5\0\1\r\n-\xb4\0\0\0\0IEND\xaeB`\x82"
)
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" + b"\0" * 40 + b"\xff\xd9"
TEXT = "Geachte collega,\nhet bezoek kan doorgaan. Café één.\n".encode()


def packed(parts: dict[str, bytes], stored: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == stored else zipfile.ZIP_DEFLATED)
    return out.getvalue()


DOCX_PARTS = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:document/>"}
ODT_PARTS = {"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<office:document/>"}
DOCX = packed(DOCX_PARTS)
ODT = packed(ODT_PARTS, "mimetype")
BOMB = packed({**DOCX_PARTS, "word/media/image1.png": bytes(30 * 1024 * 1024)})
MACROS = packed({**DOCX_PARTS, "word/vbaProject.bin": b"x"})
LOCKED = bytearray(DOCX)
for _at in (LOCKED.find(b"PK\x03\x04") + 6, LOCKED.find(b"PK\x01\x02") + 8):
    LOCKED[_at] |= 1
DAMAGED = DOCX[: len(DOCX) // 2] + b"\0" * 20 + DOCX[len(DOCX) // 2 + 20 :]
