"""The part of a page that asks for a passkey. It needs a script of ours; whoever has none gives a code."""

from __future__ import annotations

from typing import NamedTuple

from casework import passkeys
from casework.sessions import Current
from web import rendering
from web.security import SCRIPTED
from web.visitor import Visitor


class Asked(NamedTuple):
    kind: str
    """`create` or `get`"""
    options: str
    """for the browser, as JSON; empty: there is nothing to ask"""
    script: str


def to_make(v: Visitor, session: Current) -> Asked:
    return _asked(v, "create", passkeys.creation_options(v.db, session))


def to_give(v: Visitor, session: Current) -> Asked:
    return _asked(v, "get", passkeys.request_options(v.db, session))


def _asked(v: Visitor, kind: str, options: str) -> Asked:
    if options:
        v.request.scope["state"][SCRIPTED] = True
    return Asked(kind, options, rendering.own("passkey.js"))
