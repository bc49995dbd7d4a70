"""Talking to the provider of sign-ins: OpenID Connect, authorization code with PKCE. Nothing here knows a table.

Issuer, audience, signature, expiry and nonce of every ID token are checked (OpenID Connect Core 3.1.3.7); only
asymmetric signatures are taken. The provider's answers never reach a log: they hold names.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from casework.db import Database
from casework.settings import Settings

CALLBACK = "/oidc/callback"
SCOPE = "openid email"
ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519")
SECONDS = 5.0
"""to wait for an answer: somebody is looking at the page"""
KEPT = dt.timedelta(minutes=10)
"""how long the provider's own description is remembered"""
LEEWAY = 60
"""seconds by which the provider's clock may differ"""
MOST_BYTES = 1 << 20
SECOND_FACTORS = frozenset({"mfa", "otp", "hwk", "sc"})
"""`amr` values (RFC 8176) that only a second factor gives"""


class ProviderAway(Exception):
    """The provider cannot be reached, or answers nonsense."""


class NotProved(Exception):
    """What came back does not prove who this is. Carries the kind of fault only."""


class Identity(NamedTuple):
    """Who came back, as the provider vouches."""

    issuer: str
    subject: str
    email: str
    """verified; empty: none"""
    second_factor: bool
    signed_in_at: dt.datetime | None


class Provider(NamedTuple):
    """The provider's description of itself, and its keys."""

    metadata: Mapping[str, Any]
    keys: KeySet
    until: dt.datetime


def is_set_up(settings: Settings) -> bool:
    return bool(settings.oidc_issuer and settings.oidc_client_id)


def redirect_uri(settings: Settings) -> str:
    return settings.public_url.rstrip("/") + CALLBACK


def provider(db: Database, real: dt.datetime, *, anew: bool = False) -> Provider:
    """Discovery (OpenID Connect Discovery 1.0). Raises ProviderAway."""
    known: Provider | None = db.memory.get("oidc")
    if known is not None and not anew and known.until > real:
        return known
    issuer = db.settings.oidc_issuer or ""
    with _client() as client:
        metadata = _json(client, "GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
        if metadata.get("issuer") != issuer:
            raise ProviderAway
        try:
            keys = KeySet.import_key_set(_json(client, "GET", metadata["jwks_uri"]))  # type: ignore[arg-type]
        except (JoseError, KeyError, ValueError, TypeError):
            raise ProviderAway from None
    found = db.memory["oidc"] = Provider(metadata, keys, real + KEPT)
    return found


def _client() -> httpx.Client:
    return httpx.Client(timeout=SECONDS, trust_env=False, follow_redirects=False)


def _json(client: httpx.Client, method: str, url: str, **more: Any) -> dict[str, Any]:
    """A JSON object from the provider. Raises ProviderAway, without its cause: that quotes addresses."""
    try:
        answer = client.request(method, url, **more)
        if answer.status_code >= 500 or len(answer.content) > MOST_BYTES:
            raise ProviderAway
        found = json.loads(answer.content)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        raise ProviderAway from None
    if not isinstance(found, dict):
        raise ProviderAway
    return found if answer.status_code < 400 else {**found, "error": found.get("error") or "refused"}


def address(db: Database, real: dt.datetime, state: str, nonce: str, verifier: str, *, anew: bool = False) -> str:
    """Where somebody is sent; `anew`: the provider has to ask for everything again, also of who is signed in there."""
    asked = {
        "response_type": "code", "client_id": db.settings.oidc_client_id, "scope": SCOPE, "state": state,
        "redirect_uri": redirect_uri(db.settings), "nonce": nonce,
        "code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256",
    }  # fmt: skip
    if anew:
        asked |= {"prompt": "login", "max_age": "0"}
    endpoint = str(provider(db, real).metadata.get("authorization_endpoint") or "")
    if not endpoint.startswith(("http://", "https://")):
        raise ProviderAway
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"


def identity(db: Database, real: dt.datetime, code: str, nonce: str, verifier: str) -> Identity:
    """Exchange the code, and check what it gives. Raises NotProved, ProviderAway."""
    metadata = provider(db, real).metadata
    with _client() as client:
        tokens = _json(client, "POST", str(metadata.get("token_endpoint")), **_grant(db.settings, code, verifier))
        if "error" in tokens or "id_token" not in tokens:
            raise NotProved("code")
        claims = _claims(db, real, tokens, nonce)
        if "email" not in claims and "userinfo_endpoint" in metadata:
            claims = {**_userinfo(client, str(metadata["userinfo_endpoint"]), tokens, claims["sub"]), **claims}
    verified = claims.get("email_verified") is True
    methods = claims.get("amr") or []
    at = claims.get("auth_time")
    return Identity(
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        email=str(claims.get("email") or "") if verified else "",
        second_factor=bool(SECOND_FACTORS & set(map(str, methods))),
        signed_in_at=dt.datetime.fromtimestamp(at, dt.UTC) if isinstance(at, int | float) else None,
    )


def _grant(settings: Settings, code: str, verifier: str) -> dict[str, Any]:
    """The request for tokens: the client shows its secret, or is a public one that PKCE alone protects."""
    data = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri(settings),
        "code_verifier": verifier,
    }  # fmt: skip
    if settings.oidc_client_secret is None:
        return {"data": {**data, "client_id": settings.oidc_client_id}}
    # RFC 6749, 2.3.1: both are form-encoded before they become user name and password
    name, secret = quote(settings.oidc_client_id), quote(settings.oidc_client_secret.get_secret_value())
    return {"data": data, "auth": httpx.BasicAuth(name, secret)}


def _claims(db: Database, real: dt.datetime, tokens: Mapping[str, Any], nonce: str) -> dict[str, Any]:
    """The claims of the ID token, checked. A key that is not known yet is asked for once."""
    token = str(tokens["id_token"])
    try:
        found = jwt.decode(token, provider(db, real).keys, algorithms=ALGORITHMS)
    except (JoseError, ValueError):
        try:
            found = jwt.decode(token, provider(db, real, anew=True).keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            raise NotProved("signature") from None
    options = {
        "iss": {"essential": True, "value": db.settings.oidc_issuer},
        "aud": {"essential": True, "value": db.settings.oidc_client_id},
        "nonce": {"essential": True, "value": nonce},
    }
    params = {
        "nonce": nonce, "client_id": db.settings.oidc_client_id, "access_token": tokens.get("access_token"),
    }  # fmt: skip
    claims = CodeIDToken(found.claims, found.header, options, params)
    try:
        claims.validate(now=int(real.timestamp()), leeway=LEEWAY)
    except (JoseError, ValueError, TypeError) as fault:
        raise NotProved(str(getattr(fault, "claim", "") or type(fault).__name__)) from None
    return dict(claims)


def _userinfo(client: httpx.Client, url: str, tokens: Mapping[str, Any], subject: str) -> dict[str, Any]:
    """More about the same subject (OpenID Connect Core 5.3.4: another one is refused)."""
    found = _json(client, "GET", url, headers={"Authorization": f"Bearer {tokens.get('access_token')}"})
    if found.get("sub") != subject:
        raise NotProved("userinfo")
    return {key: found[key] for key in ("email", "email_verified") if key in found}
