"""The policy, the signed cookie and the Origin of a form, by themselves."""

from web.security import POLICY, WITH_SCRIPT, same_origin
from web.session import LASTS, Signer


def test_the_policy_is_strict() -> None:
    for rule in ("default-src 'none'", "style-src 'self'", "img-src 'self'", "form-action 'self'",
                 "frame-ancestors 'none'", "base-uri 'none'"):  # fmt: skip
        assert rule in POLICY
    assert "script" not in POLICY and "unsafe" not in POLICY
    ours = "script-src 'self'; connect-src 'self'"
    assert f"{POLICY}; {ours}" == WITH_SCRIPT, "where a page carries a script of ours, and only there"


def test_behind_a_proxy_the_public_address_counts() -> None:
    assert same_origin("https://sluis.example", "10.0.0.1:8000", "https://sluis.example")
    assert not same_origin("http://sluis.example", "10.0.0.1:8000", "https://sluis.example")


def test_a_forged_or_old_cookie_is_nobody() -> None:
    signer, forger = Signer(b"a" * 32), Signer(b"b" * 32)
    session = signer.new(1000, "nl")
    assert signer.read(signer.cookie(session), 1001) == session
    assert signer.read(forger.cookie(session), 1001) is None
    assert signer.read(signer.cookie(session), 1000 + LASTS) is None
    assert signer.read(signer.cookie(session)[:-1], 1001) is None
    for cookie in ("x", "x.y", "..", "é.é"):
        assert signer.read(cookie, 1001) is None
