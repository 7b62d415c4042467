"""Over TLS, the certificate is checked against the name, although the connection goes to an address."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from annotator.common import outgoing
from annotator.common.outgoing import Unanswered, send

NAME = "hooks.example.org"


def make_certificate(folder: Path) -> Path:
    """Write a key and a certificate for NAME, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def serving(certificate: Path) -> Iterator[tuple[int, list[str]]]:
    """Answer one request over TLS; yield the port, and the names that were asked for in the handshake."""
    names: list[str] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                connection, _ = server.accept()
                with context.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(65536)
                    secure.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            except OSError:
                pass  # the other side did not like the certificate

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], names
        thread.join(10)


@pytest.fixture
def certificate(tmp_path, monkeypatch, settings) -> Iterator[Path]:
    """A certificate of a server that every name leads to."""
    settings.OUTGOING_ALLOW = ["127.0.0.0/8"]
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, *rest, **more: look_up("127.0.0.1", *rest, **more))
    yield make_certificate(tmp_path)
    outgoing._tls.cache_clear()


def test_a_server_that_proves_its_name_is_spoken_to(certificate):
    outgoing._tls().load_verify_locations(certificate)
    with serving(certificate) as (port, names):
        answer = send("POST", f"https://{NAME}:{port}/", headers={})

    assert (answer.status, names) == (204, [NAME])


def test_one_that_proves_another_name_gets_nothing(certificate):
    outgoing._tls().load_verify_locations(certificate)
    with serving(certificate) as (port, _), pytest.raises(Unanswered, match=r"certificate is not valid.*[Hh]ostname"):
        send("POST", f"https://other.example.org:{port}/", headers={})


def test_one_that_nobody_vouches_for_gets_nothing(certificate):
    with serving(certificate) as (port, _), pytest.raises(Unanswered, match="certificate is not valid"):
        send("POST", f"https://{NAME}:{port}/", headers={})
