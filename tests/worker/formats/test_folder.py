"""Which split and class a path speaks of, and what is not taken from a folder at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.formats import REGISTRY
from worker.formats.folder import SPLITS, Entry, detect_layout, scan
from worker.media.reasons import Reason


def placed(*sources: str) -> list[tuple[str | None, str | None]]:
    layout = detect_layout(sources)
    return [layout.place(source) for source in sources]


def plant(root: Path, *sources: str) -> None:
    for source in sources:
        path = root / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def test_a_data_set_of_splits_and_classes_is_read(tmp_path: Path) -> None:
    plant(tmp_path, "set/train/coat/2.jpg", "set/train/coat/1.jpg", "set/Valid/hat/3.jpg", "set/LICENSE")
    assert list(scan(tmp_path)) == [
        Entry(tmp_path / "set/LICENSE", "set/LICENSE", None, None),
        Entry(tmp_path / "set/Valid/hat/3.jpg", "set/Valid/hat/3.jpg", "validation", "hat"),
        Entry(tmp_path / "set/train/coat/1.jpg", "set/train/coat/1.jpg", "train", "coat"),
        Entry(tmp_path / "set/train/coat/2.jpg", "set/train/coat/2.jpg", "train", "coat"),
    ]


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["a.jpg", "b.jpg"], [(None, None), (None, None)]),
        (["coat/a.jpg", "hat/b.jpg"], [(None, "coat"), (None, "hat")]),
        (["coat/a.jpg"], [(None, "coat")]),
        (["a.jpg", "coat/b.jpg"], [(None, None), (None, "coat")]),
        (["train/coat/a.jpg", "test/hat/b.jpg"], [("train", "coat"), ("test", "hat")]),
        (["train/a.jpg", "test/b.jpg"], [("train", None), ("test", None)]),
        (["train/coat/a.jpg"], [("train", "coat")]),
        (["TRAINING/coat/a.jpg", "dev/coat/b.jpg"], [("train", "coat"), ("validation", "coat")]),
    ],
)
def test_plain_layouts(sources: list[str], expected: list[tuple[str | None, str | None]]) -> None:
    assert placed(*sources) == expected


def test_folders_around_the_data_set_say_nothing() -> None:
    assert placed("my set/v2/coat/a.jpg", "my set/v2/hat/b.jpg") == [(None, "coat"), (None, "hat")]
    assert placed("set/train/a.jpg", "set/test/b.jpg") == [("train", None), ("test", None)]
    assert placed("README.md", "set/coat/a.jpg", "set/hat/b.jpg") == [(None, None), (None, "coat"), (None, "hat")]


def test_a_class_named_like_a_split_stays_a_class() -> None:
    assert placed("train/a.jpg", "bus/b.jpg", "car/c.jpg") == [(None, "train"), (None, "bus"), (None, "car")]


def test_a_folder_beside_the_splits_is_a_class() -> None:
    assert placed("train/coat/a.jpg", "test/coat/b.jpg", "extra/c.jpg")[2] == (None, "extra")


def test_folders_below_the_class_are_the_users_own_order() -> None:
    assert placed("coat/2024/may/a.jpg", "hat/b.jpg") == [(None, "coat"), (None, "hat")]
    assert placed("train/coat/2024/a.jpg", "test/hat/b.jpg")[0] == ("train", "coat")


def test_what_operating_systems_leave_behind_is_ignored(tmp_path: Path) -> None:
    kept = "coat/a.jpg"
    plant(
        tmp_path, kept, "coat/.DS_Store", "coat/Thumbs.db", "coat/desktop.ini", ".git/config", "__MACOSX/coat/._a.jpg"
    )
    assert [entry.source for entry in scan(tmp_path)] == [kept]
    assert placed("__MACOSX/set/._a.jpg", "set/coat/a.jpg", "set/hat/b.jpg")[1] == (None, "coat")


def test_links_may_not_leave_the_folder(tmp_path: Path) -> None:
    root = tmp_path / "root"
    plant(root, "coat/a.jpg")
    plant(tmp_path, "secret.jpg", "others/b.jpg")
    (root / "coat/inside.jpg").symlink_to(root / "coat/a.jpg")
    (root / "coat/outside.jpg").symlink_to(tmp_path / "secret.jpg")
    (root / "coat/nowhere.jpg").symlink_to(root / "absent.jpg")
    (root / "others").symlink_to(tmp_path / "others")
    (root / "circle").symlink_to(root)
    os.mkfifo(root / "pipe.jpg")
    refused: list[tuple[str, Reason]] = []
    found = [entry.source for entry in scan(root, lambda source, reason: refused.append((source, reason)))]
    assert found == ["coat/a.jpg", "coat/inside.jpg"]
    assert sorted(refused) == [
        (source, Reason.UNSAFE_PATH)
        for source in ("circle", "coat/nowhere.jpg", "coat/outside.jpg", "others", "pipe.jpg")
    ]
    assert [entry.source for entry in scan(root)] == found


def test_a_name_that_is_not_utf8_becomes_text_and_is_still_found(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"x")
    (entry,) = scan(tmp_path)
    assert entry.source == "caf\\xe9.jpg"
    assert entry.path.read_bytes() == b"x"


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(scan(tmp_path / "absent"))


names = st.sampled_from([*SPLITS, "coat", "hat", "Set", "2024"])
paths = st.lists(names, max_size=4).map(lambda folders: "/".join([*folders, "a.jpg"]))


@settings(deadline=None)
@given(sources=st.lists(paths, min_size=1, max_size=8), wrapper=st.sampled_from(["data", "my set"]))
def test_wrapping_a_delivery_changes_nothing_that_it_says(sources: list[str], wrapper: str) -> None:
    if any("/" in source for source in sources):
        assert placed(*(f"{wrapper}/{source}" for source in sources)) == placed(*sources)


@settings(deadline=None)
@given(sources=st.lists(paths, min_size=1, max_size=8))
def test_a_label_is_always_a_folder_above_the_file(sources: list[str]) -> None:
    for source, (split, label) in zip(sources, placed(*sources), strict=True):
        assert label is None or label in source.split("/")[:-1]
        assert split in {None, "train", "validation", "test"}


def test_the_registry_reads_folders(tmp_path: Path) -> None:
    plant(tmp_path, "coat/a.jpg")
    assert [entry.label for entry in REGISTRY["folder"](tmp_path)] == ["coat"]
