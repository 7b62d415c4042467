"""Secrets at rest, and signatures that are made with them."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.common.secrets import UnreadableSecret, decrypt, encrypt, signature


def test_what_was_encrypted_is_read_again_and_does_not_show():
    kept = encrypt("whsec_apple")

    assert decrypt(kept) == "whsec_apple"
    assert "apple" not in kept
    assert encrypt("whsec_apple") != kept


def test_another_installation_cannot_read_it(settings):
    kept = encrypt("whsec_apple")
    settings.SECRET_KEY = "another"

    with pytest.raises(UnreadableSecret):
        decrypt(kept)


@pytest.mark.parametrize("kept", ["", "nonsense", "gAAAAA", "ünreadable"])
def test_what_is_no_secret_is_told_apart(kept):
    with pytest.raises(UnreadableSecret):
        decrypt(kept)


@given(text=st.text())
def test_any_text_survives(text):
    assert decrypt(encrypt(text)) == text


def test_a_signature_covers_moment_and_body():
    expected = hmac.new(b"key", b"1700000000.{}", hashlib.sha256).hexdigest()

    assert signature("key", b"{}", 1_700_000_000) == f"t=1700000000,v1={expected}"
    assert signature("key", b"{}", 1_700_000_001)[-64:] != expected
    assert signature("key", b"[]", 1_700_000_000)[-64:] != expected
