"""Names of files and folders inside an export: safe on every system, unique, and the same in every export."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

MAX_STEM = 80  # characters, so that a name stays below what file systems take
_UNSAFE = re.compile(r"[^\w.() -]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
EXTENSIONS = {"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif", "JPEG2000": ".jp2", "HEIF": ".heic"}


def safe_name(text: str) -> str:
    """Return the text as one path component; letters of every script stay, what shells and file systems mind does not.

    It never begins with a dot or dash, which would hide the file or make it an option.
    """
    name = _UNSAFE.sub("_", text)[:MAX_STEM].strip(" .")
    if not name or name[0] in "-." or _RESERVED.fullmatch(name):
        name = f"_{name}"
    return name


def class_folders(names: Sequence[str]) -> dict[str, str]:
    """Return a folder for each class, unique also where upper and lower case are the same."""
    folders: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        folder, number = safe_name(name), 2
        while folder.casefold() in taken:
            folder, number = f"{safe_name(name)}_{number}", number + 1
        taken.add(folder.casefold())
        folders[name] = folder
    return folders


def picture_name(source: str, position: int, picture_format: str) -> str:
    """Return a picture's file name: its own, made safe, with its position, which no other picture has."""
    stem = PurePosixPath(source).stem
    extension = EXTENSIONS.get(picture_format, f".{safe_name(picture_format.lower())}")
    return f"{safe_name(stem) if stem else 'picture'}_{position}{extension}"
