"""The array store: immutable directories of `.npy` files, written aside, synced, renamed into place.

A directory becomes visible only through the database row that names it, so a reader never meets half of one.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from django.conf import settings


def array_path(folder: str) -> Path:
    """Return the absolute path of a stored directory, which `folder` names relative to the store."""
    return Path(settings.ARRAY_DIR) / folder


def sync_tree(folder: Path) -> None:
    """Flush a directory's files and its entry to the disk."""
    for path in [*(p for p in folder.iterdir() if p.is_file()), folder]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def publish(draft: Path, folder: str) -> None:
    """Move a finished draft directory to its place in the store, durably.

    What an earlier attempt left under the same name was never visible, and is replaced.
    """
    target = array_path(folder)
    sync_tree(draft)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        shutil.rmtree(target)
    os.rename(draft, target)
    sync_tree(target.parent)


def write_arrays(draft: Path, arrays: Mapping[str, np.ndarray]) -> str:
    """Write arrays as `<name>.npy` into a draft directory; return the SHA-256 over names and contents."""
    draft.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        np.save(draft / f"{name}.npy", array, allow_pickle=False)
        digest.update(f"{name}:{array.dtype}:{array.shape};".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def read_array(folder: str, name: str) -> np.ndarray:
    """Map one array of a stored directory into memory, read-only."""
    return np.load(array_path(folder) / f"{name}.npy", mmap_mode="r", allow_pickle=False)


def remove(folders: Iterable[str]) -> None:
    """Delete stored directories that no row names any more."""
    for folder in folders:
        shutil.rmtree(array_path(folder), ignore_errors=True)
