"""Copies are proposed and confirmed with what was done to them; pictures that merely look alike are not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from tests.copies import COPIES, texture
from worker.ml.duplicates.align import WHOLE, Cuts, align, area
from worker.ml.duplicates.confirm import MIN_COARSE, Match, confirm
from worker.ml.duplicates.propose import MAX_BITS, near_embeddings, near_hashes
from worker.ml.duplicates.reasons import Change, changes, reason
from worker.ml.duplicates.signatures import read_picture, sign


def compared(first: Image.Image, second: Image.Image) -> Match | None:
    grey = sign([first, second])["grey"]
    found = align(Cuts(grey[0]), Cuts(grey[1]))
    return confirm(first, second, found) if found.likeness >= MIN_COARSE else None


@pytest.mark.parametrize("kind", COPIES)
@pytest.mark.parametrize("seed", range(3))
def test_a_copy_is_confirmed_whichever_comes_first(kind, seed):
    original = texture(seed, (160, 120))
    copy = COPIES[kind](original, np.random.default_rng(seed))

    for first, second in ((original, copy), (copy, original)):
        match = compared(first, second)
        assert match is not None
        assert match.mirrored == (kind == "mirrored")


def test_the_reason_tells_what_was_done_and_how_sure_it_is():
    original = texture(1, (160, 120))
    copy = ImageOps.mirror(original.crop((10, 0, 160, 110)).resize((300, 220)))

    told = reason(compared(original, copy), original.size, copy.size)

    assert told["changes"] == ["resized", "mirrored", "cropped"]
    assert told["area"] == pytest.approx(150 * 110 / (160 * 120), abs=0.02)
    assert told["detail"] > 0.9


def test_brightness_is_told_from_re_encoding():
    original = texture(2)
    darker = original.point(lambda value: value * 3 // 4)

    match = compared(original, darker)
    assert changes(match, original.size, darker.size) == [Change.BRIGHTNESS]
    assert match.gain == pytest.approx(0.75, abs=0.02)
    again = COPIES["re-encoded"](original, np.random.default_rng(0))
    assert changes(compared(original, again), original.size, again.size) == [Change.RE_ENCODED]


def test_strangers_are_not_confirmed():
    pictures = [texture(seed) for seed in range(12)]
    cuts = [Cuts(grey) for grey in sign(pictures)["grey"]]

    for later, earlier in itertools.combinations(range(12), 2):
        found = align(cuts[earlier], cuts[later])
        assert found.likeness < MIN_COARSE or confirm(pictures[earlier], pictures[later], found) is None


def test_two_pictures_of_similar_things_differ_in_their_details():
    shape = texture(3, (160, 120)).resize((8, 6)).resize((160, 120), Image.Resampling.BICUBIC)
    noises = [np.random.default_rng(seed).normal(0, 12, (120, 160, 1)) for seed in range(2)]
    one, other = (Image.fromarray((np.asarray(shape) + noise).clip(0, 255).astype(np.uint8)) for noise in noises)

    assert compared(one, other) is None


def test_the_same_picture_in_another_colour_is_another_picture():
    original = texture(4)
    red, green, blue = ImageOps.autocontrast(original).split()
    tinted = Image.merge("RGB", [channel.point(lambda v: v * 0.3) for channel in (red, green)] + [blue])

    assert compared(ImageOps.autocontrast(original), tinted) is None


@pytest.mark.parametrize(("one", "other"), [(0, 0), (0, 255), (90, 90), (90, 91)])
def test_flat_pictures_are_no_copies_of_anything(one, other):
    first, second = (Image.new("RGB", (64, 48), (level,) * 3) for level in (one, other))
    assert compared(first, second) is None
    assert compared(first, texture(0)) is None


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 50), st.floats(0.93, 1), st.floats(0.93, 1), st.floats(0, 1), st.floats(0, 1))
def test_the_box_of_a_crop_is_found(seed, width, height, x, y):
    original = texture(seed, (200, 150))
    left, top = round((1 - width) * x * 200), round((1 - height) * y * 150)
    box = (left, top, min(200, left + round(width * 200)), min(150, top + round(height * 150)))

    match = compared(original, original.crop(box))

    assert match is not None
    expected = (box[0] / 200, box[1] / 150, box[2] / 200, box[3] / 150)
    assert np.abs(np.subtract(match.box, expected)).max() < 0.04


def test_pictures_that_cannot_be_read_have_empty_signatures(tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff no picture")
    pictures = [read_picture(None), read_picture(tmp_path / "missing.jpg"), read_picture(broken)]

    assert pictures == [None] * 3
    signatures = sign(pictures)
    assert not any(array.any() for array in signatures.values())
    assert align(*(Cuts(grey) for grey in signatures["grey"][:2])).likeness < MIN_COARSE


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 200))
def test_the_hash_of_the_mirror_image_is_the_mirrored_hash(seed):
    picture = texture(seed)
    both = sign([picture, ImageOps.mirror(picture)])

    assert np.bitwise_count(both["mirrored"][0] ^ both["hash"][1]) <= 2
    assert np.bitwise_count(both["hash"][0] ^ both["hash"][1]) > MAX_BITS


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(0, 39), st.integers(1, 8), st.integers(0, 99))
def test_neighbours_are_the_nearest_earlier_rows_however_they_are_stored(count, start, shard, seed):
    start = min(start, count - 1)
    rows = np.random.default_rng(seed).normal(0.5, 0.5, (count, 6)).astype(np.float32)
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
    shards = [(at, min(at + shard, count), rows[at : at + shard]) for at in range(0, count, shard)]

    found = near_embeddings(rows[start:], start, shards, neighbours=4)

    for position, near in enumerate(found, start=start):
        cosine = rows[:position].astype(np.float32) @ rows[position].astype(np.float32)
        expected = np.argsort(-cosine, kind="stable")[:4]
        expected = expected[cosine[expected] >= 0.6]
        assert cosine[near] == pytest.approx(cosine[expected], abs=1e-5)


def test_hashes_near_the_picture_or_its_mirror_image_are_proposed():
    hashes = np.array([0b1111, 2**60 - 1, 0b0111, 0], np.uint64)
    mirrored = np.array([0, 0, 2**60 - 1, 2**64 - 1], np.uint64)

    found = near_hashes(hashes[2:], mirrored[2:], 2, hashes)

    assert [near.tolist() for near in found] == [[1, 0], [2, 0, 1]]


def test_a_small_crop_is_another_picture():
    original = texture(9, (160, 120))
    assert compared(original, original.crop((0, 0, 100, 80))) is None
    assert area(WHOLE) == 1
