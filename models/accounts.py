"""How members of staff prove who they are, and the sessions in which they did. Secrets are hashed or sealed."""

import datetime as dt

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlmodel import Field

from models.base import Row, clustered
from models.columns import Moment, one_of


class Account(Row, table=True):
    """What a member of staff signs in with. Active from the moment a second factor was set, or a provider vouched."""

    __table_args__ = (UniqueConstraint("issuer", "subject"),)
    staff: str = Field(primary_key=True, foreign_key="staff.id", max_length=40)
    password: str = ""
    """an argon2id hash with its salt and parameters; empty: none"""
    totp: bytes | None = Field(default=None, sa_type=LargeBinary)
    """the secret of the authenticator app, sealed"""
    totp_new: bytes | None = Field(default=None, sa_type=LargeBinary)
    """shown, and not confirmed with a code yet"""
    totp_step: int = 0
    """the last period of 30 seconds whose code was used: a code works once"""
    issuer: str | None = None
    subject: str | None = None
    """who this is at the provider of sign-ins"""
    added_at: dt.datetime = Field(sa_type=Moment)
    active_since: dt.datetime | None = Field(default=None, sa_type=Moment)
    deactivated_at: dt.datetime | None = Field(default=None, sa_type=Moment)


class Passkey(Row, table=True):
    id: bytes = Field(primary_key=True, sa_type=LargeBinary)
    staff: str = Field(foreign_key="staff.id", max_length=40, index=True)
    public_key: bytes = Field(sa_type=LargeBinary)
    sign_count: int = 0
    added_at: dt.datetime = Field(sa_type=Moment)
    used_at: dt.datetime | None = Field(default=None, sa_type=Moment)


class RecoveryCode(Row, table=True):
    """A code on paper for who lost the second factor. Each works once."""

    __table_args__ = clustered()
    staff: str = Field(primary_key=True, foreign_key="staff.id", max_length=40)
    digest: bytes = Field(primary_key=True, sa_type=LargeBinary)
    used_at: dt.datetime | None = Field(default=None, sa_type=Moment)


class SignInLink(Row, table=True):
    """A link that lets somebody set password and second factor, once. Only its hash is kept."""

    __table_args__ = clustered()
    digest: bytes = Field(primary_key=True, sa_type=LargeBinary)
    staff: str = Field(foreign_key="staff.id", max_length=40, index=True)
    kind: str = Field(sa_type=one_of("invitation", "reset", "first"))
    made_at: dt.datetime = Field(sa_type=Moment)
    expires_at: dt.datetime = Field(sa_type=Moment)


class WebSession(Row, table=True):
    """A browser in which somebody signed in, or is about to. Only a hash of its cookie is kept. Real time."""

    __table_args__ = clustered()
    digest: bytes = Field(primary_key=True, sa_type=LargeBinary)
    ref: str = Field(unique=True, max_length=40)
    """names it in the list of one's own sessions"""
    staff: str = Field(foreign_key="staff.id", max_length=40, index=True)
    how: str = Field(sa_type=one_of("demo", "password", "oidc"))
    stage: str = Field(sa_type=one_of("factor", "enrol", "open"))
    """`factor`: the second factor is still asked; `enrol`: it is being set; `open`: signed in"""
    link: bytes | None = Field(default=None, sa_type=LargeBinary)
    """the link by which an enrolment came"""
    roles: str = Field(max_length=64)
    """a digest of roles and service at sign-in: other ones now, and the session is over"""
    form: str = Field(max_length=40)
    """what the token of its forms is made of"""
    language: str | None = Field(default=None, max_length=2)
    device: str = Field(default="", max_length=60)
    challenge: bytes | None = Field(default=None, sa_type=LargeBinary)
    """what a passkey has to sign"""
    started_at: dt.datetime = Field(sa_type=Moment, index=True)
    seen_at: dt.datetime = Field(sa_type=Moment)
    confirmed_at: dt.datetime | None = Field(default=None, sa_type=Moment)
    """when the second factor was given last"""


class Attempts(Row, table=True):
    """Failed attempts on one account or from one address, as an HMAC. Real time."""

    __table_args__ = clustered()
    what: bytes = Field(primary_key=True, sa_type=LargeBinary)
    count: int
    last_at: dt.datetime = Field(sa_type=Moment)
    free_at: dt.datetime = Field(sa_type=Moment)


class ProviderVisit(Row, table=True):
    """Somebody was sent to the provider of sign-ins and has not come back yet. Real time."""

    __table_args__ = clustered()
    state: bytes = Field(primary_key=True, sa_type=LargeBinary)
    browser: bytes = Field(sa_type=LargeBinary)
    """which browser was sent: another one cannot come back in its place"""
    nonce: str
    verifier: bytes = Field(sa_type=LargeBinary)
    """sealed"""
    purpose: str = Field(sa_type=one_of("sign_in", "step_up"))
    back: str = ""
    sent_at: dt.datetime = Field(sa_type=Moment)
