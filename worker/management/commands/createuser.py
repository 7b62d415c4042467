"""`annotator createuser`: make an account, with a password given, piped in or drawn at random, and perhaps a token."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from annotator.accounts.services import create_token, create_user, random_password
from annotator.common.errors import DomainError


class Command(BaseCommand):
    """Create an account that can sign in."""

    help = "Create an account that can sign in. Without a password one is drawn at random and printed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        password = parser.add_mutually_exclusive_group()
        password.add_argument("--password", help="the password (other users of this machine may see it)")
        password.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
        parser.add_argument("--name", default="", help="the person's full name")
        parser.add_argument("--admin", action="store_true", help="make this person a site admin")
        parser.add_argument("--token", action="store_true", help="also make an API token and print it")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_: Any, **options: Any) -> None:
        password = options["password"]
        if options["password_stdin"]:
            password = sys.stdin.readline().rstrip("\r\n")
        drawn = None if password is not None else random_password()
        try:
            made = self._create(options, password if drawn is None else drawn)
        except DomainError as error:
            raise CommandError(error.message) from error
        if drawn is not None:
            made["password"] = drawn
        self.stdout.write(json.dumps(made) if options["json"] else _in_words(made))

    @transaction.atomic
    def _create(self, options: dict[str, Any], password: str) -> dict[str, Any]:
        user = create_user(
            username=options["username"], password=password, name=options["name"], is_admin=options["admin"]
        )
        made: dict[str, Any] = {"id": user.pk, "username": user.username, "is_admin": user.is_superuser}
        if options["token"]:
            made["token"] = create_token(user=user, name="createuser")[1]
        return made


def _in_words(made: dict[str, Any]) -> str:
    lines = [f"Created {made['username']}" + (", a site admin." if made["is_admin"] else ".")]
    lines += [f"{key.capitalize()}: {made[key]}" for key in ("password", "token") if key in made]
    return "\n".join(lines)
