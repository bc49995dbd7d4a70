"""One page of a prison's interface: the request, its limits, and what the answer must look like.

The transport is used without a client around it: no cookies, no proxy from the environment, no redirect that is not
looked at, and no line in a log with the address in it.
"""

import re
import ssl
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from casework.notification_files import read_json
from casework.notification_tables import FileProblem
from casework.notifications import DuplicateFields
from casework.pull_address import PullFault, Resolve, addresses_of

MAX_REDIRECTS = 3
MAX_CURSOR = 2_000
TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class PullSource(BaseModel):
    """Where to pull from, and how patiently. Times are in seconds, sizes in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(repr=False)
    token: SecretStr | None = Field(None, description="sent as a bearer token")
    ca_file: str | None = Field(None, description="certificate of the authority that signed the interface's own")
    allow_private_addresses: bool = False
    allow_plain_http: bool = False
    attempts: int = Field(5, ge=1, le=20, description="per page")
    first_wait: float = Field(1.0, gt=0)
    longest_wait: float = Field(60.0, gt=0)
    read_timeout: float = Field(10.0, gt=0, description="longest silence of the interface")
    total_timeout: float = Field(300.0, gt=0, description="for the whole pull, waiting included")
    max_bytes: int = Field(10 * 1024 * 1024, gt=0, description="of one page")
    max_pages: int = Field(500, gt=0, description="in one pull; the next pull goes on from there")

    @field_validator("token")
    @classmethod
    def _one_printable_word(cls, token: SecretStr | None) -> SecretStr | None:
        if token and not re.fullmatch(r"[!-~]+", token.get_secret_value()):
            raise ValueError("token must be plain characters without spaces")
        return token

    @model_validator(mode="after")
    def _safe_url(self) -> Self:
        try:
            url = httpx.URL(self.url)
        except httpx.InvalidURL:
            raise ValueError("url must be a web address") from None
        if url.scheme != "https" and not (url.scheme == "http" and self.allow_plain_http):
            raise ValueError("url must start with https:// (names travel over it)")
        if not url.host or url.userinfo or url.fragment:
            raise ValueError("url must have a host, and no user, password or fragment; use token")
        return self


@dataclass(frozen=True)
class Page:
    """The notifications as they came, and the cursor of the next page (None after the last)."""

    notifications: list[dict[str, Any]]
    next: str | None


class Interface:
    """The prison's interface, for the length of one pull: the host is looked up once."""

    def __init__(self, source: PullSource, resolve: Resolve) -> None:
        self._source = source
        self._resolve = resolve
        self._url = httpx.URL(source.url)
        self._addresses: list[str] = []
        self._timeout = httpx.Timeout(source.read_timeout).as_dict()

    async def __aenter__(self) -> Self:
        self._transport = httpx.AsyncHTTPTransport(verify=_trust(self._source), trust_env=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.aclose()

    async def page(self, cursor: str | None, attempt: int) -> Page:
        """The page after the cursor. Attempts take turns over the addresses of the host. Raises PullFault."""
        if not self._addresses:
            self._addresses = await addresses_of(
                self._url.raw_host.decode("ascii"),
                _port(self._url),
                self._resolve,
                allow_private=self._source.allow_private_addresses,
            )
        url = self._url if cursor is None else self._url.copy_merge_params({"after": cursor})
        address = self._addresses[attempt % len(self._addresses)]
        try:
            return _page(await self._answer(url, address))
        except httpx.TimeoutException:
            rule = f"must answer without a silence of {self._source.read_timeout:g} seconds"
            raise PullFault("interface", rule, "ask its keeper whether it is well", again=True) from None
        except httpx.TransportError:
            rule = "must be reachable and answer to the end"
            raise PullFault("interface", rule, "check the network and its certificate", again=True) from None

    async def _answer(self, url: httpx.URL, address: str) -> bytes:
        for _ in range(MAX_REDIRECTS + 1):
            response = await self._transport.handle_async_request(self._request(url, address))
            try:
                if response.status_code not in REDIRECTS:
                    _judge(response)
                    return await self._body(response)
                url = _redirected(url, response.headers.get("location", ""))
            finally:
                await response.aclose()
        raise PullFault("interface", "must answer instead of redirecting again and again", "ask its keeper")

    def _request(self, url: httpx.URL, address: str) -> httpx.Request:
        """A request to the address that was judged; the name stays in the Host header and in the check of TLS."""
        headers = {
            "Host": url.netloc.decode("ascii"),
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # a compressed answer could unpack to any size
            "User-Agent": "sluis",
        }
        if self._source.token:
            headers["Authorization"] = f"Bearer {self._source.token.get_secret_value()}"
        extensions = {"timeout": self._timeout, "sni_hostname": url.raw_host.decode("ascii")}
        return httpx.Request("GET", url.copy_with(host=address), headers=headers, extensions=extensions)

    async def _body(self, response: httpx.Response) -> bytes:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise PullFault("interface", "must not compress its answer", "ask its keeper to switch that off")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > self._source.max_bytes:
                rule = f"must give pages of at most {self._source.max_bytes:,} bytes"
                raise PullFault("interface", rule, "ask its keeper for smaller pages")
        return bytes(body)


def _port(url: httpx.URL) -> int:
    return url.port or {"http": 80, "https": 443}[url.scheme]


def _trust(source: PullSource) -> ssl.SSLContext:
    if source.ca_file is None:
        return httpx.create_ssl_context(trust_env=False)
    try:
        return ssl.create_default_context(cafile=source.ca_file)
    except OSError:
        raise PullFault("ca_file", "must be a readable certificate (PEM)", "correct its path") from None


def _redirected(url: httpx.URL, location: str) -> httpx.URL:
    """Where the redirect leads, on the same host only: the key and the check of the address hold for that one."""
    try:
        target = url.join(location)
        same = location and (target.scheme, target.raw_host, _port(target)) == (url.scheme, url.raw_host, _port(url))
    except (httpx.InvalidURL, KeyError, ValueError):
        same = False
    if not same:
        rule = "must not redirect to another host, port or scheme"
        raise PullFault("interface", rule, "ask its keeper for the right address and set that as url")
    return target


def _judge(response: httpx.Response) -> None:
    status = response.status_code
    if status in (401, 403):
        raise PullFault("interface", f"must accept the key; it answered {status}", "check the token of this source")
    if status in TRY_AGAIN:
        wait = _retry_after(response.headers)
        raise PullFault("interface", f"must answer 200, not {status}", "try again later", again=True, wait=wait)
    if status != 200:
        raise PullFault("interface", f"must answer 200, not {status}", "check the url of this source")


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds. A date is measured against the answer's own date, so that no clock of ours is needed."""
    told = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", told):
        return float(told)
    try:
        wait = parsedate_to_datetime(told) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return max(0.0, wait.total_seconds())


def _page(body: bytes) -> Page:
    try:
        answer = read_json(body.decode("utf-8-sig"))
    except (UnicodeDecodeError, FileProblem):
        raise PullFault(
            "interface", "must answer valid JSON", "ask its keeper whether it is well", again=True
        ) from None
    if not isinstance(answer, dict) or isinstance(answer, DuplicateFields) or "next" not in answer:
        raise PullFault("interface", 'must answer {"notifications": […], "next": …}', "ask its keeper")
    items, cursor = answer.get("notifications"), answer["next"]
    if not isinstance(items, list):
        raise PullFault("interface", 'must answer a list as "notifications"', "ask its keeper")
    if cursor is not None and not (isinstance(cursor, str) and 0 < len(cursor) <= MAX_CURSOR and cursor.isprintable()):
        raise PullFault("interface", 'must answer a short text or null as "next"', "ask its keeper")
    # What is not an object becomes an empty one: refused by its place like any bad row, without blocking the good ones.
    return Page([item if isinstance(item, dict) else {} for item in items], cursor)
