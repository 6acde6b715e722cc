"""HTTP client for URLs that users enter, limited to hosts that the operator allows.

To prevent server-side request forgery (SSRF), each IP address of the host must be public or in an
allowed network, and the connection uses the same address that was checked.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from roadmap.core.text import LOOPBACK, ascii_domain, split_url

MAX_URL = 1_000
MAX_REDIRECTS = 3
HTTPS_PORT = 443
HTTP_PORT = 80
# All public IPv6 addresses. Addresses outside can embed a private IPv4 address.
_PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
EVERYWHERE: tuple[Network, ...] = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))


class FetchError(Exception):
    """A fetch failed. The text is a key for the reason, `status` the HTTP status if any."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class AllowedHosts:
    """Allowed hosts as `name:port`, parent domains of `*.` entries, and private networks.

    `plain_hosts` are loopback hosts that are accessed without TLS.
    """

    hosts: frozenset[str] = frozenset()
    parents: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()
    plain_hosts: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.hosts or self.parents)

    @property
    def names(self) -> list[str]:
        """Return the hosts for display."""
        named = [each.removesuffix(f":{HTTPS_PORT}") for each in self.hosts]
        return sorted([*named, *(f"*{each}" for each in self.parents)])

    def allows(self, host: str, port: int) -> bool:
        is_below = port == HTTPS_PORT and host.endswith(self.parents or ("/",))
        return f"{host}:{port}" in self.hosts or is_below

    def allows_address(self, address: Address) -> bool:
        """Return whether an IP address is public or in an allowed network."""
        inner = getattr(address, "ipv4_mapped", None) or address
        is_public: bool = inner.is_global and not inner.is_multicast
        if isinstance(inner, ipaddress.IPv6Address):
            is_public = is_public and inner in _PUBLIC_IPV6 and inner.sixtofour is None
        return is_public or any(inner in each for each in self.networks)


def parse_hosts(text: str) -> AllowedHosts:
    """Parse `calendar.example.org, *.example.com, host:8443, 10.0.0.0/8`. Raises ValueError."""
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


@dataclass(frozen=True)
class Site:
    """A server that the operator configured. `url` has no trailing slash."""

    url: str
    allowed: AllowedHosts

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc


def parse_site(text: str, public: str) -> Site | None:
    """Parse the URL of a server, None for `off`. Raises ValueError.

    A server other than `public` may have private IP addresses. Plain HTTP is only for loopback.
    """
    if text == "off":
        return None
    url = text.rstrip("/")
    parts = split_url(url) if re.fullmatch(r"[!-~]+", url) else None
    is_plain = parts is not None and parts.scheme == "http" and parts.hostname in LOOPBACK
    if (
        parts is None
        or not (is_plain or parts.scheme == "https")
        or parts.username is not None
        or parts.query
        or parts.fragment
    ):
        raise ValueError(f"must be an https:// address, such as {public}, or off.")
    name = f"{parts.hostname}:{_port(parts)}"
    return Site(
        url,
        AllowedHosts(
            frozenset([name]),
            networks=() if url == public else EVERYWHERE,
            plain_hosts=frozenset([name] if is_plain else []),
        ),
    )


@dataclass(frozen=True)
class HttpResponse:
    """An HTTP response of any status. Lookup in `headers` ignores case."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


def check_url(url: str, allowed: AllowedHosts) -> str:
    """Return a URL that may be fetched, with `webcal` replaced by `https`. Raises FetchError."""
    url = re.sub(r"^webcals?://", "https://", url.strip(), flags=re.IGNORECASE)
    _split_allowed_url(url, allowed)
    return url


def get(
    url: str,
    allowed: AllowedHosts,
    *,
    headers: Mapping[str, str],
    most_bytes: int,
    seconds: float,
) -> HttpResponse:
    """Send a GET request, without following redirects because the headers may hold a secret.

    Raises FetchError if there is no complete response.
    """
    return _send(_split_allowed_url(url, allowed), allowed, most_bytes, seconds, headers)


def fetch(url: str, allowed: AllowedHosts, *, most_bytes: int, seconds: float) -> bytes:
    """Return the body of a URL, following redirects on the same host. Raises FetchError."""
    parts, ends_at = _split_allowed_url(url, allowed), time.monotonic() + seconds
    for _redirect in range(MAX_REDIRECTS + 1):
        if (left := ends_at - time.monotonic()) <= 0:
            raise FetchError("slow")
        answer = _send(parts, allowed, most_bytes, left, {"Accept": "text/calendar, */*"})
        status, target = answer.status, answer.headers.get("Location", "")
        if status == 200:
            return answer.body
        if status not in (301, 302, 303, 307, 308) or not target:
            raise FetchError({401: "refused", 403: "refused", 404: "gone", 410: "gone"}.get(
                status, "status"
            ), status)  # fmt: skip
        moved = _split_allowed_url(urljoin(parts.geturl(), target), allowed)
        if (moved.hostname, moved.port) != (parts.hostname, parts.port):
            raise FetchError("moved", status)
        parts = moved
    raise FetchError("moved", status)


def _split_allowed_url(url: str, allowed: AllowedHosts) -> SplitResult:
    """Split a URL and check that it may be fetched. Raises FetchError."""
    if len(url) > MAX_URL or not re.fullmatch(r"[!-~]+", url):
        raise FetchError("no-address")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").removesuffix("."), _port(parts)
    except ValueError:
        raise FetchError("no-address") from None
    is_plain = parts.scheme == "http" and f"{host}:{port}" in allowed.plain_hosts
    if not host or not (is_plain or parts.scheme == "https"):
        raise FetchError("no-https")
    if parts.username is not None or parts.password is not None:
        raise FetchError("password")
    if not allowed.allows(host, port):
        raise FetchError("host")
    return parts


def _port(parts: SplitResult) -> int:
    return parts.port or (HTTP_PORT if parts.scheme == "http" else HTTPS_PORT)


class _Connection(http.client.HTTPConnection):
    """A connection to the IP address that was checked, with a total deadline."""

    def __init__(self, parts: SplitResult, address: str, seconds: float) -> None:
        self._tls = None if parts.scheme == "http" else ssl.create_default_context()
        # The port that the Host header omits.
        self.default_port = HTTPS_PORT if self._tls else HTTP_PORT
        super().__init__(parts.hostname or "", _port(parts), timeout=seconds)
        self._address = address
        self._open: socket.socket | None = None
        self.is_expired = False
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True

    def connect(self) -> None:
        self._timer.start()
        self._open = socket.create_connection((self._address, self.port), self.timeout)
        if self._tls:
            self._open = self._tls.wrap_socket(self._open, server_hostname=self.host)
        self.sock = self._open

    def _expire(self) -> None:
        self.is_expired = True
        if self._open is not None:
            # The reading thread then gets an end of stream or an error.
            with contextlib.suppress(OSError):
                self._open.shutdown(socket.SHUT_RDWR)

    def finish(self) -> None:
        """Close the socket and cancel the deadline. `http.client` calls `close` before the body."""
        self._timer.cancel()
        self.close()
        if self._open is not None:
            self._open.close()


def _send(
    parts: SplitResult,
    allowed: AllowedHosts,
    most_bytes: int,
    seconds: float,
    headers: Mapping[str, str],
) -> HttpResponse:
    """Send one request and return its response. Raises FetchError."""
    ends_at = time.monotonic() + seconds
    address = _address(parts, allowed, seconds)
    connection = _Connection(parts, address, max(0.01, ends_at - time.monotonic()))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    usual = {"User-Agent": "Cairn", "Connection": "close"}
    try:
        connection.request("GET", path, headers={**usual, **headers})
        with connection.getresponse() as answer:
            body = answer.read(most_bytes + 1)
    except ssl.SSLCertVerificationError:
        raise FetchError("certificate") from None
    except http.client.IncompleteRead:
        raise FetchError("slow" if connection.is_expired else "truncated") from None
    except (OSError, http.client.HTTPException) as error:
        is_expired = connection.is_expired or isinstance(error, TimeoutError)
        raise FetchError("slow" if is_expired else "unreachable") from None
    finally:
        connection.finish()
    if connection.is_expired:
        raise FetchError("slow")
    if len(body) > most_bytes:
        raise FetchError("large")
    # `read` with a size returns a truncated body without an error.
    length = answer.getheader("Content-Length", "")
    if length.isdecimal() and len(length) < 20 and len(body) < int(length):
        raise FetchError("truncated")
    return HttpResponse(answer.status, answer.headers, body)


def _resolve(host: str, port: int, seconds: float) -> list[str]:
    """Resolve a host with a shorter timeout than the system's. Raises FetchError."""
    found: queue.Queue[list[str] | None] = queue.Queue(1)

    def resolve() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.put([str(each[4][0]) for each in rows])
        except (OSError, UnicodeError):
            found.put(None)

    threading.Thread(target=resolve, daemon=True).start()
    try:
        addresses = found.get(timeout=seconds)
    except queue.Empty:
        raise FetchError("slow") from None
    if not addresses:
        raise FetchError("unknown-host")
    return addresses


def _address(parts: SplitResult, allowed: AllowedHosts, seconds: float) -> str:
    """Return an IP address of the host. All of them must be allowed. Raises FetchError."""
    addresses = _resolve(parts.hostname or "", _port(parts), seconds)
    # Strip the zone, as in fe80::1%eth0.
    if not all(
        allowed.allows_address(ipaddress.ip_address(each.partition("%")[0])) for each in addresses
    ):
        raise FetchError("private")
    return addresses[0]
