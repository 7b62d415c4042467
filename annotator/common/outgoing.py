"""Requests that leave for addresses which people typed: never into the private network, bounded in time and size."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

import certifi
from django.conf import settings

from annotator.common.errors import DomainError

SECONDS = 10.0
MAX_BYTES = 64 * 1024
MAX_URL = 1000
_PORTS = {"http": 80, "https": 443}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(DomainError):
    """The address is malformed, or leads into a network that nothing may be sent to."""

    code = "address_refused"


class Unanswered(Exception):
    """There was no answer; the text says why."""


@dataclass(frozen=True)
class Answer:
    """What came back: the status, and the body's first bytes."""

    status: int
    body: bytes

    @property
    def good(self) -> bool:
        """A status from 200 to 299. A redirect is none: it is never followed."""
        return 200 <= self.status < 300


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes = b"",
    seconds: float | None = None,
    max_bytes: int = MAX_BYTES,
) -> Answer:
    """Make one request and return its answer.

    The name is resolved once, every address that it has is checked, and the connection goes to a checked one: a name
    that changes its mind between check and connection gains nothing. Proxies of the environment are not used.

    Args:
        method: POST, GET …
        url: http or https.
        headers: beside `Host`, `Content-Length` and `Connection`.
        body: what is sent.
        seconds: from the first look-up to the last byte, SECONDS if not given.
        max_bytes: how much of the answer's body is read; the rest is not fetched.

    Raises:
        AddressRefused: the address may not be reached.
        Unanswered: the name is unknown, nobody listens, the certificate is wrong, or it took too long.
    """
    parts = check_url(url)
    ends = time.monotonic() + (SECONDS if seconds is None else seconds)
    with _words_for_failures(parts, ends):
        connection = _Connection(parts, checked_addresses(parts, ends), ends)
        with connection.closing_in_time():
            connection.request(method, _target(parts), body=body, headers={**headers, "Connection": "close"})
            response = connection.getresponse()
            answer = Answer(response.status, _first_bytes(response, max_bytes))
        if connection.cut:
            raise TimeoutError
        return answer


def check_url(url: str) -> SplitResult:
    """Take a URL apart if requests may go to it, as far as that can be told without asking for the name.

    Raises:
        AddressRefused: it is no http(s) URL, carries a password, or names a private address.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        if host:
            host.encode("idna" if not host.isascii() else "ascii")
    except ValueError as error:  # a UnicodeError is one, too
        raise AddressRefused("This is not a web address.") from error
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in url) or len(url) > MAX_URL:
        raise AddressRefused(f"A web address has no spaces, and at most {MAX_URL} characters.")
    if parts.scheme not in _PORTS or not host or port == 0:
        raise AddressRefused("Give a whole web address, such as https://example.org/hook.")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("The address must not contain a user name or password.")
    with suppress(ValueError):
        _check(ipaddress.ip_address(host), host)
    return parts


def checked_addresses(parts: SplitResult, ends: float) -> list[tuple[str, int]]:
    """Resolve a URL's name by the moment `ends`; return every address as (IP, port).

    Raises:
        AddressRefused: one of them may not be reached.
        OSError: the name is unknown, or the name server is silent.
    """
    host = parts.hostname or ""
    port = _port(parts)
    addresses = list(dict.fromkeys(str(where[4][0]) for where in _look_up(_ascii(host), port, ends)))
    for address in addresses:
        _check(ipaddress.ip_address(address), host)
    return [(address, port) for address in addresses]


def _look_up(host: str, port: int, ends: float) -> list[tuple[Any, ...]]:
    """Ask for a name in a thread of its own: the resolver has limits of its own, and they are long."""
    answer: Future[list[tuple[Any, ...]]] = Future()

    def ask() -> None:
        try:
            answer.set_result(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except (OSError, UnicodeError) as error:
            answer.set_exception(error)

    threading.Thread(target=ask, name=f"look up {host}", daemon=True).start()
    return answer.result(max(0.0, ends - time.monotonic()))


def _check(address: Address, host: str) -> None:
    """Refuse what is not plainly on the public internet, unless the installation allows it."""
    if not (_is_public(address) or _is_allowed(address, host)):
        raise AddressRefused(
            f"{host} is an address inside a private network, and nothing is sent there. "
            "A site admin can allow it with ANNOTATOR_OUTGOING_ALLOW."
        )


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_public(address.ipv4_mapped)
        # Tunnels carry packets to an IPv4 address that is hidden in the number.
        if address.sixtofour is not None or address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _is_allowed(address: Address, host: str) -> bool:
    """Say whether the setting names the host, or a network that has the address."""
    for entry in settings.OUTGOING_ALLOW:
        try:
            network = ipaddress.ip_network(entry, strict=False)
        except ValueError:
            if entry.lower() == host.lower():
                return True
            continue
        plain = getattr(address, "ipv4_mapped", None) or address
        if plain.version == network.version and plain in network:
            return True
    return False


class _Connection(http.client.HTTPConnection):
    """A connection to one of the checked addresses, whatever the name says by now, that ends at a given moment."""

    def __init__(self, parts: SplitResult, addresses: list[tuple[str, int]], ends: float) -> None:
        self.secure = parts.scheme == "https"
        self.default_port = _PORTS[parts.scheme]
        self.name = _ascii(parts.hostname or "")
        super().__init__(self.name, _port(parts))
        self.addresses = addresses
        self.ends = ends
        self.cut = False

    def connect(self) -> None:
        """Connect to the first address that answers, and begin to speak TLS where that is asked for."""
        self.sock = self._reach()
        if self.secure:
            self.sock = _tls().wrap_socket(self.sock, server_hostname=self.name, do_handshake_on_connect=False)
            self.sock.do_handshake()

    def _reach(self) -> socket.socket:
        problem: OSError = TimeoutError()
        for address in self.addresses:
            try:
                return socket.create_connection(address, timeout=max(0.01, self.ends - time.monotonic()))
            except OSError as error:
                problem = error
        raise problem

    @contextmanager
    def closing_in_time(self) -> Iterator[None]:
        """Cut the connection at the end of its time: a socket's own limit starts anew with every byte that drips in."""
        timer = threading.Timer(max(0.0, self.ends - time.monotonic()), self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            self.close()

    def _cut(self) -> None:
        self.cut = True
        if isinstance(self.sock, socket.socket):
            with suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # also of a TLS socket: no farewell


@cache
def _tls() -> ssl.SSLContext:
    """Return the context that checks certificates, by the machine's list of authorities and by certifi's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _port(parts: SplitResult) -> int:
    return parts.port or _PORTS[parts.scheme]


def _ascii(host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode()


def _target(parts: SplitResult) -> str:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return "".join(letter if letter.isascii() else _quoted(letter) for letter in target)


def _quoted(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode())


def _first_bytes(response: http.client.HTTPResponse, limit: int) -> bytes:
    """Read at most `limit` bytes. The status is known by now, so that a body which breaks off does no harm."""
    try:
        return response.read(limit)
    except (OSError, http.client.HTTPException):
        return b""


@contextmanager
def _words_for_failures(parts: SplitResult, ends: float) -> Iterator[None]:
    """Turn what sockets raise into a sentence."""
    try:
        yield
    except socket.gaierror as error:
        raise Unanswered(f"The name {parts.hostname} is unknown.") from error
    except ssl.SSLCertVerificationError as error:
        raise Unanswered(f"The certificate is not valid: {error.verify_message}.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        if time.monotonic() >= ends or isinstance(error, TimeoutError):
            raise Unanswered("It took too long to answer.") from error
        raise Unanswered(_why(error)) from error


def _why(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "Nobody listens at this address."
    if isinstance(error, ssl.SSLError):
        return "No secure connection could be made."
    if isinstance(error, http.client.HTTPException):
        return "The answer was no valid HTTP."
    return f"The connection failed ({type(error).__name__})."
