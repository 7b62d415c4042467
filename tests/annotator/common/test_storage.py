"""How much room folders take."""

from __future__ import annotations

import os

from annotator.common.storage import disk, newest_in, size_of


def test_all_files_below_a_folder_count(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/one").write_bytes(b"x" * 10)
    (tmp_path / "a/b/two").write_bytes(b"x" * 5)
    os.utime(tmp_path / "a/one", (1000, 1000))
    os.utime(tmp_path / "a/b/two", (2000, 2000))

    assert size_of(tmp_path / "a") == 15
    assert size_of(tmp_path / "a/one") == 10
    assert newest_in(tmp_path / "a") == 2000


def test_a_file_with_two_names_counts_once(tmp_path):
    (tmp_path / "model").write_bytes(b"x" * 10)
    os.link(tmp_path / "model", tmp_path / "the same model")

    assert size_of(tmp_path) == 10


def test_nothing_takes_no_room(tmp_path):
    assert (size_of(tmp_path / "nowhere"), newest_in(tmp_path / "nowhere")) == (0, 0.0)


def test_the_disk_has_some_bytes_and_not_more_free_ones(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    total, free = disk()

    assert 0 <= free <= total
