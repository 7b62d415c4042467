"""Changes that somebody, or a bad disk, may make to a backup's file."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Members = list[tuple[tarfile.TarInfo, bytes]]


def rewrite(file: Path, change: Callable[[Members], Members]) -> None:
    """Write the tar anew with changed members."""
    with tarfile.open(file) as tar:
        members = [(info, stream.read()) for info in tar if (stream := tar.extractfile(info))]
    with tarfile.open(file, "w") as tar:
        for info, content in change(members):
            info.size = len(content) if info.isreg() else 0
            tar.addfile(info, io.BytesIO(content))


def listed(members: Members) -> Members:
    """Replace the list of sums by that of these members."""
    *others, (info, _) = members
    lines = "".join(f"{hashlib.sha256(content).hexdigest()}  {each.name}\n" for each, content in others)
    return [*others, (info, lines.encode())]


def with_member(name: str, **fields: Any) -> Callable[[Members], Members]:
    """Add a member, listed as if it belonged there."""
    info = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(info, field, value)
    return lambda members: listed([*members[:-1], (info, b"evil"), members[-1]])


def with_manifest(**fields: Any) -> Callable[[Members], Members]:
    """Change what the backup says of itself."""

    def change(members: Members) -> Members:
        (info, content), *others = members
        return listed([(info, json.dumps(json.loads(content) | fields).encode()), *others])

    return change


def with_content(prefix: str, content: bytes) -> Callable[[Members], Members]:
    """Replace the content of a member, with a list of sums that agrees."""
    return lambda members: listed([(info, content if info.name.startswith(prefix) else old) for info, old in members])
