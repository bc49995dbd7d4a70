"""One entry in the read log for each page, written before the page leaves."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from starlette.concurrency import run_in_threadpool

from casework import read_log
from casework.db import Database
from web.security import Receive, Scope, Send


class ChainedReads:
    """ASGI middleware: what a page read is chained before its first byte is sent; without the entry there is no page."""

    def __init__(self, app: Any, db: Database) -> None:
        self.app, self.db = app, db

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/static/"):
            await self.app(scope, receive, send)
            return
        with read_log.one_page() as page:

            async def chained(message: MutableMapping[str, Any]) -> None:
                if message["type"] == "http.response.start" and page.read:
                    await run_in_threadpool(page.chain, self.db, getattr(scope.get("route"), "path", ""))
                await send(message)

            await self.app(scope, receive, chained)
