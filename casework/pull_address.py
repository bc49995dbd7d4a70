"""Where a pull may connect to: the name is looked up once, the addresses are judged, and only those are used.

Looking up once and connecting to that very address keeps a name that changes its answer between the check and the
connection (DNS rebinding) from leading into the city's own network.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterator

from casework.notifications import FieldProblem

Resolve = Callable[[str, int], Awaitable[list[str]]]
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address


class PullFault(Exception):
    """Why a page could not be fetched; `again`: another attempt may help, `wait`: the seconds that were asked for."""

    def __init__(self, field: str, rule: str, remedy: str, *, again: bool = False, wait: float | None = None) -> None:
        super().__init__(f"{field} {rule}: {remedy}")
        self.problem = FieldProblem(field, f"{field} {rule}", remedy)
        self.again = again
        self.wait = wait


async def resolve_host(host: str, port: int) -> list[str]:
    """Every address of the name, IPv4 first."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    ordered = sorted(found, key=lambda entry: entry[0] != socket.AF_INET)
    return list(dict.fromkeys(str(entry[4][0]) for entry in ordered))


async def addresses_of(host: str, port: int, resolve: Resolve, *, allow_private: bool) -> list[str]:
    """The addresses that may be connected to. One private address among them is enough to refuse the name."""
    try:
        found = await resolve(host, port)
    except (OSError, UnicodeError):
        found = []
    if not found:
        raise PullFault("url", "must name a host that can be found", "check the name and the network", again=True)
    if not allow_private and not all(_is_public(address) for address in found):
        rule = "must not lead to a private, loopback or otherwise reserved address"
        raise PullFault("url", rule, "correct it, or allow private addresses in the settings of this source")
    return found


def _is_public(address: str) -> bool:
    return all(ip.is_global and not ip.is_multicast for ip in _meant_by(ipaddress.ip_address(address)))


def _meant_by(ip: _Address) -> Iterator[_Address]:
    """The address and every IPv4 address that it carries inside."""
    if isinstance(ip, ipaddress.IPv4Address):
        yield ip
        return
    if ip.ipv4_mapped:
        yield ip.ipv4_mapped  # by itself a mapped address counts as reserved, also when what it carries is public
        return
    yield ip
    if ip.sixtofour:
        yield ip.sixtofour
    if ip.teredo:
        yield from ip.teredo
    if ip in _NAT64:
        yield ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
