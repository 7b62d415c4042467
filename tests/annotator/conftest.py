"""Fixtures for the Django side."""

import hypothesis
import pytest

hypothesis.settings.register_profile("busy machine", deadline=None)  # how long an example takes proves nothing here
hypothesis.settings.load_profile("busy machine")


@pytest.fixture(autouse=True)
def quick_passwords(settings) -> None:
    """Hash passwords the quick way: the slow one would be most of the tests' time, and is Django's to test."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
