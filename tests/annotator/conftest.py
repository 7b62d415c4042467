"""Fixtures for the Django side."""

import pytest


@pytest.fixture(autouse=True)
def quick_passwords(settings) -> None:
    """Hash passwords the quick way: the slow one would be most of the tests' time, and is Django's to test."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
