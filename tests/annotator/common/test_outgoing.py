"""Requests to addresses that people typed: to the public internet alone, and never for longer than allowed."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.common import outgoing
from annotator.common.outgoing import AddressRefused, Unanswered, check_url, send
from tests.receiver import receiving

LOCAL = ["127.0.0.0/8"]


@contextmanager
def listening(talk) -> Iterator[int]:
    """Take one connection on a free port and hand its socket to `talk`; return the port."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)

        def serve() -> None:
            try:
                connection, _ = server.accept()
                with connection:
                    talk(connection)
            except OSError:
                pass  # the other side has left

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
    thread.join(10)


def resolve_to(monkeypatch, *addresses: str) -> list[str]:
    """Let every name have these addresses; return the list of names that were asked for."""
    asked: list[str] = []

    def look_up(host, port, **_):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_a_request_is_made_and_its_answer_returned(settings):
    settings.OUTGOING_ALLOW = LOCAL
    with receiving() as receiver:
        receiver.will_answer(201, body=b"made")

        answer = send("POST", receiver.url + "?a=b", headers={"X-Kind": "test"}, body=b"{}")

    assert (answer.status, answer.body, answer.good) == (201, b"made", True)
    (message,) = receiver.messages
    assert (message.path, message.body, message.headers["X-Kind"]) == ("/hook?a=b", b"{}", "test")
    assert message.headers["Host"] == receiver.url.removeprefix("http://").removesuffix("/hook")


class TestPrivateAddresses:
    """What is not plainly on the public internet is refused, in whatever way it is written."""

    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1",
            "127.9.9.9",
            "localhost",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",  # where clouds keep a machine's keys
            "100.64.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "2130706433",  # 127.0.0.1 as one number
            "0x7f.1",
            "127.1",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fe80::1%25lo]",
            "[fc00::1]",
            "[fd12::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[::ffff:127.0.0.1]",  # IPv4 inside IPv6
            "[::ffff:a9fe:a9fe]",
            "[::7f00:1]",
            "[64:ff9b::7f00:1]",  # through a gateway to IPv4
            "[2002:7f00:1::]",  # through a tunnel
            "[2001:0:7f00:1::]",
        ],
    )
    def test_it_is_refused_and_nothing_connects(self, host, monkeypatch):
        monkeypatch.setattr(socket, "create_connection", lambda *args, **kwargs: pytest.fail("it connected"))

        with pytest.raises((AddressRefused, Unanswered)) as refused:
            send("POST", f"http://{host}:8/", headers={})

        assert isinstance(refused.value, AddressRefused) or "unknown" in str(refused.value)

    def test_a_name_that_leads_there_is_refused(self, monkeypatch):
        resolve_to(monkeypatch, "10.0.0.7")

        with pytest.raises(AddressRefused, match="private network"):
            send("POST", "https://hooks.example.org/", headers={})

    def test_a_name_with_one_public_and_one_private_address_is_refused(self, monkeypatch):
        resolve_to(monkeypatch, "93.184.216.34", "127.0.0.1")

        with pytest.raises(AddressRefused):
            send("POST", "https://hooks.example.org/", headers={})

    def test_the_connection_goes_to_the_address_that_was_checked_and_the_name_is_asked_for_once(self, monkeypatch):
        asked = resolve_to(monkeypatch, "93.184.216.34")
        reached = []

        def connect(address, timeout):
            reached.append(address)
            raise ConnectionRefusedError

        monkeypatch.setattr(socket, "create_connection", connect)

        with pytest.raises(Unanswered, match="Nobody listens"):
            send("POST", "http://hooks.example.org:81/", headers={})

        assert reached == [("93.184.216.34", 81)]
        assert asked == ["hooks.example.org"]

    @pytest.mark.parametrize("allowed", ["10.0.0.0/8", "10.0.0.7", "Hooks.Internal"])
    def test_the_installation_may_allow_a_network_an_address_or_a_name(self, allowed, monkeypatch, settings):
        settings.OUTGOING_ALLOW = ["192.168.0.0/16", allowed]
        resolve_to(monkeypatch, "10.0.0.7")
        reached = []

        def connect(address, timeout):
            reached.append(address)
            raise ConnectionRefusedError

        monkeypatch.setattr(socket, "create_connection", connect)
        with pytest.raises(Unanswered):
            send("POST", "http://hooks.internal/", headers={})

        assert reached == [("10.0.0.7", 80)]

    @given(number=st.integers(0, 2**32 - 1))
    def test_an_address_is_judged_alike_as_ipv4_and_inside_ipv6(self, number):
        plain = ipaddress.IPv4Address(number)
        inside = ipaddress.IPv6Address(f"::ffff:{plain}")

        assert outgoing._is_public(plain) == outgoing._is_public(inside)
        if plain.is_private or plain.is_loopback or plain.is_link_local or plain.is_multicast:
            assert not outgoing._is_public(plain)


class TestUrls:
    """What can be said of an address before anybody asks for its name."""

    @pytest.mark.parametrize(
        "url",
        [
            *("", "hook", "//example.org", "ftp://example.org", "file:///etc/passwd", "http://", "https:///path"),
            *("http://example.org:99999/", "http://example.org:0/", "http://[::1", "http://exa mple.org/"),
            *("http://user:word@example.org/", "http://@example.org/", "http://example.org/\r\nX: y"),
            *("http://example.org/\0", "http://" + "a" * 2000, "http://" + "ü" * 300 + ".org/", "http://a..ü/"),
        ],
    )
    def test_what_is_no_usable_web_address_is_refused(self, url):
        with pytest.raises(AddressRefused):
            check_url(url)

    @pytest.mark.parametrize(
        "url",
        [
            "https://example.org",
            "http://example.org:8080/a?b=c#d",
            "https://bücher.example/ä",
            "http://[2606:2800::1]/",
        ],
    )
    def test_an_ordinary_one_is_taken(self, url):
        assert check_url(url).hostname

    @given(url=st.text(max_size=80) | st.text(max_size=40).map("http://{}".format))
    def test_no_text_does_more_than_be_refused(self, url):
        with suppress(AddressRefused):
            assert check_url(url).hostname


class TestLimits:
    """Time and size are bounded, whatever the other side does."""

    @pytest.fixture(autouse=True)
    def here(self, settings) -> None:
        settings.OUTGOING_ALLOW = LOCAL

    def test_a_redirect_is_an_answer_and_is_not_followed(self):
        with receiving() as receiver, receiving() as other:
            receiver.will_answer(302, Location=other.url)

            answer = send("POST", receiver.url, headers={})

        assert (answer.status, answer.good, other.messages) == (302, False, [])

    def test_a_receiver_that_never_answers_is_given_up(self):
        with receiving() as receiver:
            never = threading.Event()
            receiver.answers.append(never)

            with pytest.raises(Unanswered, match="too long"):
                send("POST", receiver.url, headers={}, seconds=0.3)
            never.set()

    @pytest.mark.parametrize(
        "beginning", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"]
    )
    def test_one_that_drips_byte_by_byte_is_given_up_although_it_never_pauses_for_long(self, beginning):
        def drip(connection: socket.socket) -> None:
            connection.sendall(beginning)
            while True:
                connection.sendall(b"x")
                time.sleep(0.02)

        with listening(drip) as port, pytest.raises(Unanswered, match="too long"):
            send("POST", f"http://127.0.0.1:{port}/", headers={}, seconds=0.4)

    def test_a_silent_name_server_is_given_up(self, monkeypatch):
        answered = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answered.wait(20) and [])

        with pytest.raises(Unanswered, match="too long"):
            send("POST", "http://example.org/", headers={}, seconds=0.2)
        answered.set()

    def test_of_an_endless_answer_only_the_beginning_is_read(self):
        def pour(connection: socket.socket) -> None:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                connection.sendall(b"x" * 65536)

        with listening(pour) as port:
            answer = send("POST", f"http://127.0.0.1:{port}/", headers={}, max_bytes=100)

        assert answer.body == b"x" * 100

    @pytest.mark.parametrize(
        "nonsense", [b"hello\r\n\r\n", b"", b"HTTP/1.1 banana\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 500]
    )
    def test_what_is_no_http_is_said_in_words(self, nonsense):
        def answer(connection: socket.socket) -> None:
            connection.recv(65536)
            connection.sendall(nonsense)

        with listening(answer) as port, pytest.raises(Unanswered) as problem:
            send("POST", f"http://127.0.0.1:{port}/", headers={}, seconds=5)

        assert "HTTP" in str(problem.value) or "failed" in str(problem.value)

    def test_where_nobody_speaks_tls_no_secure_connection_is_made(self):
        def talk(connection: socket.socket) -> None:
            connection.sendall(b"plainly\r\n")

        with listening(talk) as port, pytest.raises(Unanswered, match="secure connection"):
            send("POST", f"https://127.0.0.1:{port}/", headers={}, seconds=5)
