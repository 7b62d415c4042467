"""The user; a custom model from the first migration, so that it can grow."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person who signs in. `is_superuser` marks a site admin, who may do everything."""

    @property
    def shown_name(self) -> str:
        """The full name where one was given, else the username."""
        return self.get_full_name() or self.username

    @property
    def initials(self) -> str:
        """One or two capitals for the avatar."""
        parts = self.shown_name.replace("_", " ").replace(".", " ").split()
        return "".join(part[0] for part in parts[:2]).upper() or "?"
