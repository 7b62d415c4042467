"""The `annotator` command: Django's management commands under names with hyphens, and errors in one line."""

import os
import sys

from django.conf import settings
from django.core.management import execute_from_command_line


def main(argv: list[str] | None = None) -> None:
    """Run a management command; `label-sim` and `label_sim` name the same one."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
    args = list(sys.argv if argv is None else argv)
    if len(args) > 1:
        args[1] = args[1].replace("-", "_") if not args[1].startswith("-") else args[1]
    try:
        _ = settings.DATA_DIR  # the first look at the settings makes the directory's key
    except OSError as error:
        sys.exit(f"The data directory cannot be used ({error}). Name another one with ANNOTATOR_DATA_DIR.")
    execute_from_command_line(args)


if __name__ == "__main__":
    main()
