"""Secrets that a project keeps, encrypted at rest with a key made from the installation's, and signatures with them."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class UnreadableSecret(Exception):
    """What was kept cannot be read: the installation's key is another one than it was."""


def _cipher() -> Fernet:
    # A key of its own for this one purpose (RFC 5869), so that nothing else signed with the same secret says anything
    # about it.
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"annotator: secrets at rest")
    return Fernet(base64.urlsafe_b64encode(derived.derive(settings.SECRET_KEY.encode())))


def encrypt(text: str) -> str:
    """Return the text as it may be kept in the database."""
    return _cipher().encrypt(text.encode()).decode()


def decrypt(kept: str) -> str:
    """Return what was encrypted.

    Raises:
        UnreadableSecret: it was encrypted under another key, or was changed.
    """
    try:
        return _cipher().decrypt(kept.encode()).decode()
    except InvalidToken as error:
        raise UnreadableSecret from error


def signature(secret: str, body: bytes, moment: int) -> str:
    """Return `t=<moment>,v1=<hex>`: the HMAC-SHA256 of "<moment>.<body>", which a receiver compares with its own.

    Args:
        secret: what both sides know.
        body: the bytes that are sent.
        moment: seconds since 1970; signed too, so that an old message cannot be sent again later.
    """
    signed = f"{moment}.".encode() + body
    return f"t={moment},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
