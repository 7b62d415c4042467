"""A simulated labeler's knowledge: class folders or CSV, matched by path, by name or by content."""

import hashlib
from pathlib import Path

import pytest

from worker.management.truth import read_truth


def image(source: str, *more: str, content: bytes = b"") -> dict:
    """Return an image as the API lists it."""
    digest = hashlib.sha256(content).hexdigest()
    return {
        "source": source,
        "sources": [source, *more],
        "urls": {"thumb": f"/api/projects/1/blobs/{digest}/thumb"},
    }


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Two splits with two classes, one picture each, and things that are no pictures."""
    for source in ("train/cat/1.jpg", "train/dog/2.JPG", "test/cat/3.png", "test/cat/notes.txt", "loose.jpg"):
        path = tmp_path / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source.encode())
    return tmp_path


def test_class_folders_give_the_class_of_an_image_by_its_source_path(folders):
    truth = read_truth(folders)
    assert truth.by_path == {"train/cat/1.jpg": "cat", "train/dog/2.JPG": "dog", "test/cat/3.png": "cat"}
    assert truth.of(image("train/dog/2.JPG")) == "dog"


def test_any_of_an_images_source_paths_will_do(folders):
    assert read_truth(folders).of(image("elsewhere.jpg", "test/cat/3.png")) == "cat"


def test_a_renamed_picture_is_found_by_its_content(folders):
    assert read_truth(folders).of(image("upload/IMG_1.jpg", content=b"train/dog/2.JPG")) == "dog"
    assert read_truth(folders).of(image("upload/IMG_1.jpg", content=b"something else")) is None


def test_csv_gives_labels_by_path_or_by_a_file_name_that_occurs_once(tmp_path):
    table = tmp_path / "truth.csv"
    table.write_text("path,label\na/1.jpg,cat\nb/1.jpg,dog\nb/2.jpg,dog\n", encoding="utf-8")
    truth = read_truth(table)
    assert truth.of(image("b/1.jpg")) == "dog"
    assert truth.of(image("other/2.jpg")) == "dog"
    assert truth.of(image("other/1.jpg")) is None


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("none.csv", None, "no folder or file"),
        ("bad.csv", "file,label\na.jpg,cat\n", "no column path"),
        ("empty.csv", "path,label\n", "names no picture"),
    ],
)
def test_bad_input_is_told_in_one_line(tmp_path, name, text, message):
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message) as caught:
        read_truth(tmp_path / name)
    assert "\n" not in str(caught.value)
