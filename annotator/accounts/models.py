"""The user (a custom model from the first migration, so that it can grow) and the names of API tokens."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person who signs in. `is_superuser` marks a site admin, who may do everything."""

    preferences = models.JSONField(default=dict, blank=True, help_text="what the pages keep for this person, own keys")

    @property
    def shown_name(self) -> str:
        """The full name where one was given, else the username."""
        return self.get_full_name() or self.username

    @property
    def initials(self) -> str:
        """One or two capitals for the avatar."""
        parts = self.shown_name.replace("_", " ").replace(".", " ").split()
        return "".join(part[0] for part in parts[:2]).upper() or "?"


class ApiToken(models.Model):
    """The name that a person gave to an API token. The token itself is knox's row, which keeps only its hash."""

    secret = models.OneToOneField("knox.AuthToken", swappable=False, on_delete=models.CASCADE, related_name="api_token")
    name = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.name

    @property
    def prefix(self) -> str:
        """The token's first characters, by which a person recognises it."""
        return self.secret.token_key[:8]
