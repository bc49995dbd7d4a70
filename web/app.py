"""The web application: pages for people, one interface for prison systems. `uvicorn web.app:create_app --factory`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi

from casework.db import Database
from casework.settings import settings
from casework.upgrade import open_database
from web import (
    account,
    announce,
    api,
    calendar,
    case_pages,
    choose,
    compliance,
    contacts,
    coordinate,
    corrections,
    disputed,
    documents,
    emergency,
    errors,
    guidance,
    health,
    incoming,
    invitation,
    ledger,
    lists,
    mayor,
    meetings,
    monitor,
    notices,
    oidc,
    papers,
    protocol_moves,
    protocols,
    releases,
    report,
    retention,
    search,
    sharing,
    signin,
    step_up,
    subject_access,
    task_pages,
    urgent,
    watching,
    workload,
)
from web.administration import absences, api_clients, closing_days, colleagues, duty, mail_test, priorities, prisons
from web.api_schema import SCHEMAS
from web.reads import ChainedReads
from web.security import BodyLimit, SafeAnswers
from web.session import Signer
from web.static_files import Compressed
from web.step_up import fresh_where_needed

PAGES = (
    corrections,
    documents,
    choose,
    signin,
    oidc,
    invitation,
    account,
    step_up,
    announce,
    lists,
    task_pages,
    case_pages,
    report,
    coordinate,
    urgent,
    mayor,
    health,
    colleagues,
    absences,
    closing_days,
    api_clients,
    prisons,
    duty,
    priorities,
    mail_test,
    sharing,
    disputed,
    retention,
    subject_access,
    watching,
    compliance,
    ledger,
    incoming,
    releases,
    workload,
    search,
    notices,
    meetings,
    monitor,
    papers,
    contacts,
    emergency,
    protocol_moves,
    protocols,
    guidance,
    calendar,
)
STATIC = Path(__file__).parent / "static"


def create_app(db: Database | None = None) -> FastAPI:
    """The application on a database; without one it opens that of the settings, and closes it at the end."""
    found = db or open_database(settings())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        if db is None:
            found.close()

    # The pages that FastAPI offers for documentation load scripts from elsewhere.
    app = FastAPI(
        title="sluis", docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json", lifespan=lifespan,
        version=version("sluis"),
    )  # fmt: skip
    app.state.db = found
    app.state.signer = Signer(found.keys.index_secret)
    app.include_router(api.router)
    for module in PAGES:
        app.include_router(module.router, include_in_schema=False, dependencies=[Depends(fresh_where_needed)])
    app.mount("/static", Compressed(directory=STATIC), name="static")
    app.add_middleware(ChainedReads, db=found)
    app.add_middleware(BodyLimit)
    errors.install(app)
    app.add_middleware(SafeAnswers, public_url=found.settings.public_url)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
    return app


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of the interface, made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title="sluis", version=app.version, routes=app.routes, summary="Notifications of a release from prison"
        )
        components = made.setdefault("components", {})
        # FastAPI adds the forms of its own refusals; ours are different
        components["schemas"] = SCHEMAS
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        app.openapi_schema = made
    return app.openapi_schema
