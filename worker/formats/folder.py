"""Pictures in folders: which class and split each one's path speaks of, and which files are no pictures at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from worker.media.reasons import Reason

SPLITS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
_IGNORED = {"__macosx", "thumbs.db", "desktop.ini"}

OnRefused = Callable[[str, Reason], None]
Folders = tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """One file to import.

    `path` is absolute; `source` is the POSIX path under the root, always valid text (bytes of a name that
    are not UTF-8 appear as `\\xNN`); `split` is train, validation or test.
    """

    path: Path
    source: str
    split: str | None
    label: str | None


@dataclass(frozen=True)
class Layout:
    """How to read the paths of one delivery: `wrapper` are leading folders that say nothing."""

    wrapper: Folders
    has_splits: bool

    def place(self, source: str) -> tuple[str | None, str | None]:
        """The split and the label that a path speaks of, None where it says nothing.

        The label is the first folder after wrapper and split; folders deeper than that are the user's own
        order and are ignored.
        """
        folders = PurePosixPath(source).parts[:-1]
        if folders[: len(self.wrapper)] == self.wrapper[: len(folders)]:
            folders = folders[len(self.wrapper) :]
        split = SPLITS.get(folders[0].lower()) if folders and self.has_splits else None
        if split:
            folders = folders[1:]
        return split, folders[0] if folders else None


def is_ignored(source: str) -> bool:
    """Whether a path belongs to an operating system rather than to the user: hidden files, thumbnails' caches."""
    return any(part.startswith(".") or part.lower() in _IGNORED for part in PurePosixPath(source).parts)


def detect_layout(sources: Iterable[str]) -> Layout:
    """The layout of a whole delivery, from the relative POSIX paths of its files.

    - A single top folder that holds folders is a wrapper (as zips have), unless it is named like a split;
      so is the next one below it. Files beside it (a licence, a list) change nothing.
    - Top folders named like splits are splits if one of them holds folders, or if there are no others. So a
      class called `train` next to `bus` and `car` stays a class.
    """
    parents = {PurePosixPath(source).parts[:-1] for source in sources if not is_ignored(source)}
    return _layout(parents)


def scan(root: Path, on_refused: OnRefused | None = None) -> Iterator[Entry]:
    """The files under `root`, folder by folder, sorted by name, each read by the layout of the whole tree.

    Ignored files are left out. Links that leave `root`, links to folders, and what is no plain file are
    left out too, and told to `on_refused` with their source path. Raises OSError if `root` cannot be read.
    """
    root = root.resolve(strict=True)
    layout = _layout({folders for folders, _ in _walk(root, None)})
    for folders, found in _walk(root, on_refused):
        source = "/".join((*folders, _text(found.name)))
        split, label = layout.place(source)
        yield Entry(Path(found.path), source, split, label)


def _layout(parents: set[Folders]) -> Layout:
    wrapper: Folders = ()
    while True:
        inside = {parent[len(wrapper) :] for parent in parents}
        tops = {folders[0] for folders in inside if folders}
        has_deeper = any(len(folders) > 1 for folders in inside)
        if len(tops) != 1 or not has_deeper or next(iter(tops)).lower() in SPLITS:
            break
        wrapper = (*wrapper, *tops)
    named = {top for top in tops if top.lower() in SPLITS}
    holding = any(len(folders) > 1 and folders[0] in named for folders in inside)
    return Layout(wrapper, bool(named) and (holding or named == tops))


def _walk(root: Path, on_refused: OnRefused | None) -> Iterator[tuple[Folders, os.DirEntry[str]]]:
    """Plain files in sorted order, with the folders above each; never follows a link to a folder."""
    waiting: list[tuple[Path, Folders]] = [(root, ())]
    while waiting:
        folder, folders = waiting.pop()
        with os.scandir(folder) as listing:
            found = sorted((item for item in listing if not is_ignored(item.name)), key=lambda item: item.name)
        below = []
        for item in found:
            if item.is_dir(follow_symlinks=False):
                below.append((Path(item.path), (*folders, _text(item.name))))
            elif _is_acceptable(item, root):
                yield folders, item
            elif on_refused:
                on_refused("/".join((*folders, _text(item.name))), Reason.UNSAFE_PATH)
        waiting.extend(reversed(below))


def _is_acceptable(item: os.DirEntry[str], root: Path) -> bool:
    if not item.is_symlink():
        return item.is_file()
    target = Path(os.path.realpath(item.path))
    return target.is_file() and target.is_relative_to(root)


def _text(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")
