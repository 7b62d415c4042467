"""The demo's pictures come out of the npm package as class folders."""

import json
from pathlib import Path

import pytest

from worker.management.emoji import emoji_files


def entry(name: str, category: str, *, skins: tuple[str, ...] = (), has: bool = True) -> dict:
    """Return an entry of emoji.json."""
    variants = {skin: {"image": f"{name}-{skin}.png", "has_img_google": True} for skin in skins}
    return {"category": category, "image": f"{name}.png", "has_img_google": has, "skin_variations": variants}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with a wave in two tones, a flag, a loose skin tone, and two pictures that are not there."""
    entries = [
        entry("wave", "People & Body", skins=("light",)),
        entry("flag", "Flags"),
        entry("tone", "Component"),
        entry("undrawn", "Flags", has=False),
        entry("lost", "Flags"),
    ]
    (tmp_path / "emoji.json").write_text(json.dumps(entries))
    pictures = tmp_path / "img" / "google" / "64"
    pictures.mkdir(parents=True)
    for name in ("wave", "wave-light", "flag", "tone", "undrawn"):
        (pictures / f"{name}.png").write_bytes(b"picture")
    return tmp_path


def test_each_picture_is_named_by_its_class_and_skin_tones_count(package):
    assert [source for source, _ in emoji_files(package)] == [
        "Flags/flag.png",
        "People & Body/wave-light.png",
        "People & Body/wave.png",
    ]
    assert all(path.is_file() for _, path in emoji_files(package))


def test_another_folder_is_refused_in_one_line(tmp_path):
    with pytest.raises(ValueError, match="does not hold the npm package"):
        emoji_files(tmp_path)
