"""On PostgreSQL sluis works as a role that owns nothing, so that its guard is measured too."""

import contextlib

import psycopg
import sqlalchemy as sa

APP = "sluis_bench_app"


def app_url(owner_url: str) -> str:
    """The same database for the app's own role, which is made if need be."""
    with psycopg.connect(owner_url, autocommit=True) as session, contextlib.suppress(psycopg.errors.DuplicateObject):
        session.execute(f"CREATE ROLE {APP} LOGIN")
    return sa.make_url(owner_url).set(username=APP).render_as_string(hide_password=False)
