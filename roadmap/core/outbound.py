"""Fetch from addresses that people enter, only from hosts that the operator named.

A server that fetches any address a person enters can be made to fetch from behind its firewall. So
the host must be on the list, each address that its name has must be a public one or of a network on
the list, and the connection goes to the very address that was looked at.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from roadmap.core.text import ascii_domain

MAX_URL = 1_000
MAX_REDIRECTS = 3
HTTPS_PORT = 443
# All public addresses of version 6 are in here. Others can stand for a private one of version 4.
_PUBLIC_6 = ipaddress.IPv6Network("2000::/3")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class FetchError(Exception):
    """Nothing was fetched; the text is a key of why, `status` what the server answered."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class AllowedHosts:
    """Hosts as `name:port`, the parents of hosts that `*.` stands for, and private networks."""

    hosts: frozenset[str] = frozenset()
    parents: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.hosts or self.parents)

    @property
    def names(self) -> list[str]:
        """Return the hosts as people read them."""
        named = [each.removesuffix(f":{HTTPS_PORT}") for each in self.hosts]
        return sorted([*named, *(f"*{each}" for each in self.parents)])

    def allows(self, host: str, port: int) -> bool:
        is_below = port == HTTPS_PORT and host.endswith(self.parents or ("/",))
        return f"{host}:{port}" in self.hosts or is_below

    def allows_address(self, address: Address) -> bool:
        """Return whether an address is public, or of a network that the operator named."""
        inner = getattr(address, "ipv4_mapped", None) or address
        is_public: bool = inner.is_global and not inner.is_multicast
        if isinstance(inner, ipaddress.IPv6Address):
            is_public = is_public and inner in _PUBLIC_6 and inner.sixtofour is None
        return is_public or any(inner in each for each in self.networks)


def parse_hosts(text: str) -> AllowedHosts:
    """Read `calendar.example.org, *.example.com, host:8443, 10.0.0.0/8`. Raises ValueError."""
    hosts, parents, networks = set(), [], []
    for entry in filter(None, (each.strip() for each in text.split(","))):
        try:
            networks.append(ipaddress.ip_network(entry))
            continue
        except ValueError:
            pass
        is_parent = entry.startswith("*.")
        name, _colon, port = entry.removeprefix("*.").partition(":")
        name = ascii_domain(name)
        is_port = not port or (port.isascii() and port.isdecimal() and 0 < int(port) < 65_536)
        if not is_port or not all(map(_LABEL.fullmatch, name.split("."))) or (is_parent and port):
            raise ValueError(
                "must list hosts such as calendar.google.com, *.icloud.com or "
                "cloud.example.org:8443, and networks such as 10.0.0.0/8, with commas between them."
            )
        if is_parent:
            parents.append(f".{name}")
        else:
            hosts.add(f"{name}:{port or HTTPS_PORT}")
    return AllowedHosts(frozenset(hosts), tuple(parents), tuple(networks))


def check_url(url: str, allowed: AllowedHosts) -> str:
    """Return an address that may be fetched; `webcal` means `https`. Raises FetchError."""
    url = re.sub(r"^webcals?://", "https://", url.strip(), flags=re.IGNORECASE)
    _parts(url, allowed)
    return url


def fetch(url: str, allowed: AllowedHosts, *, most_bytes: int, seconds: float) -> bytes:
    """Return what an address answers with 200, wherever it leads. Raises FetchError."""
    parts, ends_at = _parts(url, allowed), time.monotonic() + seconds
    for _redirect in range(MAX_REDIRECTS + 1):
        if (left := ends_at - time.monotonic()) <= 0:
            raise FetchError("slow")
        status, target, body = _ask(parts, allowed, most_bytes, left)
        if status == 200:
            return body
        if status not in (301, 302, 303, 307, 308) or not target:
            raise FetchError({401: "refused", 403: "refused", 404: "gone", 410: "gone"}.get(
                status, "status"
            ), status)  # fmt: skip
        moved = _parts(urljoin(parts.geturl(), target), allowed)
        if (moved.hostname, moved.port) != (parts.hostname, parts.port):
            raise FetchError("moved", status)
        parts = moved
    raise FetchError("moved", status)


def _parts(url: str, allowed: AllowedHosts) -> SplitResult:
    """Return the parts of an address that may be asked. Raises FetchError."""
    if len(url) > MAX_URL or not re.fullmatch(r"[!-~]+", url):
        raise FetchError("no-address")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").removesuffix("."), parts.port or HTTPS_PORT
    except ValueError:
        raise FetchError("no-address") from None
    if parts.scheme.lower() != "https" or not host:
        raise FetchError("no-https")
    if parts.username is not None or parts.password is not None:
        raise FetchError("password")
    if not allowed.allows(host, port):
        raise FetchError("host")
    return parts


class _Connection(http.client.HTTPSConnection):
    """A connection to the address that was looked at, which ends at a deadline."""

    def __init__(self, parts: SplitResult, address: str, seconds: float) -> None:
        context = ssl.create_default_context()
        super().__init__(
            parts.hostname or "", parts.port or HTTPS_PORT, timeout=seconds, context=context
        )
        self._address, self._tls = address, context
        self._open: socket.socket | None = None
        self.is_late = False
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def connect(self) -> None:
        self._timer.start()
        self._open = socket.create_connection((self._address, self.port), self.timeout)
        self._open = self._tls.wrap_socket(self._open, server_hostname=self.host)
        self.sock = self._open

    def _end(self) -> None:
        self.is_late = True
        if self._open is not None:
            # The thread that waits for it gets an end of the stream, or an error.
            with contextlib.suppress(OSError):
                self._open.shutdown(socket.SHUT_RDWR)

    def finish(self) -> None:
        """Close it, and cancel the deadline; `close` is called when only the body is to come."""
        self._timer.cancel()
        self.close()
        if self._open is not None:
            self._open.close()


def _ask(
    parts: SplitResult, allowed: AllowedHosts, most_bytes: int, seconds: float
) -> tuple[int, str, bytes]:
    """Return the status, where it moved to, and the body of one request. Raises FetchError."""
    connection = _Connection(parts, _address(parts, allowed), seconds)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Accept": "text/calendar, */*", "User-Agent": "Cairn", "Connection": "close"}
    try:
        connection.request("GET", path, headers=headers)
        with connection.getresponse() as answer:
            body = answer.read(most_bytes + 1)
    except ssl.SSLCertVerificationError:
        raise FetchError("certificate") from None
    except (OSError, http.client.HTTPException) as error:
        is_late = connection.is_late or isinstance(error, TimeoutError)
        raise FetchError("slow" if is_late else "unreachable") from None
    finally:
        connection.finish()
    if connection.is_late:
        raise FetchError("slow")
    if len(body) > most_bytes:
        raise FetchError("large")
    return answer.status, answer.getheader("Location") or "", body


def _address(parts: SplitResult, allowed: AllowedHosts) -> str:
    """Return an address of the host, all of which must be allowed. Raises FetchError."""
    try:
        found = socket.getaddrinfo(
            parts.hostname, parts.port or HTTPS_PORT, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError):
        raise FetchError("unknown-host") from None
    addresses = [str(each[4][0]) for each in found]
    # A zone follows a %, as in fe80::1%eth0.
    if not all(
        allowed.allows_address(ipaddress.ip_address(each.partition("%")[0])) for each in addresses
    ):
        raise FetchError("private")
    return addresses[0]
