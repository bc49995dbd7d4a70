"""Stylesheet, typeface, icon: served with their compressed twins, where the browser takes those."""

from __future__ import annotations

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope


class Compressed(StaticFiles):
    """A file `x.css` is sent as `x.css.gz` where there is one. Pages are never compressed: they carry a token."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        accepted = dict(scope["headers"]).get(b"accept-encoding", b"").decode("latin-1")
        twin = f"{path}.gz"
        if path.endswith(".gz") or "gzip" not in accepted or self.lookup_path(twin)[1] is None:
            return await super().get_response(path, scope)
        response = await super().get_response(twin, scope)
        response.headers["content-encoding"] = "gzip"
        response.headers["vary"] = "accept-encoding"
        kinds = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
        response.headers["content-type"] = kinds[path.rpartition(".")[2]]
        return response
