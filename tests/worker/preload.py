"""What the children of the kill tests need, imported once by the server that they are forked from."""

import django

django.setup()

from worker.handlers import HANDLERS, handler_of  # noqa: E402 - Django must be set up before its models are imported

for kind in HANDLERS:
    handler_of(kind)
