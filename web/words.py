"""The words of the pages, in three languages: `locales/*.yaml`, one file per subject, one entry per word.

The texts of steps, forms and dates come from the protocol file, never from here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML

LANGUAGES = ("nl", "fr", "en")
LANGUAGE_NAMES = {"nl": "Nederlands", "fr": "Français", "en": "English"}
FOLDER = Path(__file__).parent / "locales"


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """`subject.word` → language → text."""
    found: dict[str, Mapping[str, str]] = {}
    for file in sorted(FOLDER.glob("*.yaml")):
        for key, texts in YAML(typ="safe", pure=True).load(file.read_text("utf-8")).items():
            found[f"{file.stem}.{key}"] = texts
    return found


class Words:
    """The words in one language. `t("today.late", n=3)`; a word that is missing is a fault, not a blank."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else LANGUAGES[0]

    def __call__(self, key: str, **values: object) -> str:
        text = table()[key][self.language]
        return text.format(**values) if values else text

    def count(self, key: str, n: int, **values: object) -> str:
        """The singular or the plural; French counts none as one."""
        form = "one" if n == 1 or (n == 0 and self.language == "fr") else "many"
        return self(f"{key}_{form}", n=n, **values)

    def of(self, family: str, key: str) -> str:
        """A word out of a family of words whose keys come from elsewhere (`of("status", "open")`)."""
        found = table().get(f"{family}.{key}")
        return found[self.language] if found else key.replace("_", " ")

    def known(self, family: str, key: str) -> bool:
        return f"{family}.{key}" in table()

    def text(self, texts: Mapping[str, str] | None) -> str:
        """A text of the protocol file, in this language or the first that it has."""
        if not texts:
            return ""
        return texts.get(self.language) or next(iter(texts.values()))

    def sentence(self, english: str) -> str:
        """A sentence that the layers below gave in English, in this language where it is known."""
        if self.language == "en":
            return english
        found = _sentences().get(_pattern(english))
        if found is None:
            return self._with_a_word(english.strip())
        numbers = iter(re.findall(r"\d+", english))
        return re.sub(r"\{n\}", lambda _: next(numbers, ""), found[self.language])

    def _with_a_word(self, english: str) -> str:
        for pattern, texts in _open_sentences():
            match = pattern.fullmatch(english)
            if match is not None:
                return texts[self.language].replace("{w}", match[1])
        return english


@cache
def _open_sentences() -> tuple[tuple[re.Pattern[str], Mapping[str, str]], ...]:
    """Those in which a word is repeated as it is."""
    found = [(english, texts) for english, texts in _sentences().items() if "{w}" in english]
    return tuple((re.compile(re.escape(english).replace(r"\{w\}", "(.{1,200})")), texts) for english, texts in found)


def _pattern(english: str) -> str:
    """The sentence with its numbers left open."""
    return re.sub(r"\d+", "{n}", english.strip())


@cache
def _sentences() -> Mapping[str, Mapping[str, str]]:
    return {texts["en"]: texts for key, texts in table().items() if key.startswith("sentences.")}
