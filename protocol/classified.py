"""Words that mark classified information, which has no place here. Source: law of 11 December 1998; guard rail 6."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable


def _plain(text: str) -> str:
    """Without accents, and with one space where there are several."""
    found = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return re.sub(r"\s+", " ", found)


def word_in(words: Iterable[str], text: str) -> str | None:
    """The first of these words that stands in a text by itself; None: none does.

    A word in capitals is looked for in capitals only: SECRET is a stamp, a secret is not.
    """
    plain = _plain(text)
    for word in words:
        wanted = _plain(word)
        flags = re.NOFLAG if wanted.isupper() else re.IGNORECASE
        if re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", plain, flags):
            return word
    return None
