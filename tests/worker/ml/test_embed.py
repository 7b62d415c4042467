"""Pictures become unit vectors; one bad picture fails alone; the same batches give the same bytes."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
import simplejpeg
import timm
import torch
from PIL import Image, ImageFilter
from sklearn.datasets import load_sample_images

from worker.ml.backbones import DEFAULT_PRESET, load_backbone
from worker.ml.device import Compute
from worker.ml.embed import centre_crop, embed_images, read_crop
from worker.ml.engine import Engine


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Ten smooth random pictures of different shapes, JPEG and PNG by turns."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("pictures")
    paths = []
    for index in range(10):
        width, height = int(rng.integers(200, 420)), int(rng.integers(200, 420))
        noise = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8))
        path = folder / f"{index}.{'png' if index % 2 else 'jpg'}"
        noise.resize((width, height), Image.Resampling.BICUBIC).save(path)
        paths.append(path)
    return paths


def test_pictures_become_unit_vectors(pictures, tiny):
    embeddings, failed = embed_images(pictures, tiny)

    assert embeddings.dtype == np.float16
    assert embeddings.shape == (10, tiny.dim)
    assert np.allclose(np.linalg.norm(embeddings.astype(float), axis=1), 1, atol=2e-3)
    assert failed == []
    assert len(np.unique(embeddings, axis=0)) == 10


def test_a_bad_picture_fails_alone_and_moves_no_other(pictures, tiny, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 this is no JPEG")
    text = tmp_path / "text.png"
    text.write_text("no picture")
    truncated = tmp_path / "truncated.png"
    truncated.write_bytes(pictures[1].read_bytes()[:200])
    paths = [pictures[0], None, broken, text, truncated, tmp_path / "absent.jpg", pictures[2]]

    embeddings, failed = embed_images(paths, tiny, batch_size=4)

    alone, _ = embed_images([pictures[0], pictures[2]], tiny)
    assert failed == [1, 2, 3, 4, 5]
    assert not embeddings[failed].any()
    assert np.allclose(embeddings[[0, 6]], alone, atol=1e-3)


def test_the_same_pictures_in_the_same_batches_give_the_same_bytes(pictures, tiny):
    first, _ = embed_images(pictures, tiny, batch_size=4)
    second, _ = embed_images(pictures, tiny, batch_size=4)
    rest, _ = embed_images(pictures[4:], tiny, batch_size=4)

    assert first.tobytes() == second.tobytes()
    assert first[4:].tobytes() == rest.tobytes()


def test_progress_is_told_after_each_batch(pictures, tiny):
    done = []
    embed_images(pictures, tiny, batch_size=4, on_batch=done.append)
    assert done == [4, 8, 10]


def test_no_picture_gives_no_row(tiny):
    embeddings, failed = embed_images([], tiny)
    assert embeddings.shape == (0, tiny.dim)
    assert failed == []


def test_the_crop_is_timms(pictures, tiny):
    """Up to rounding: timm resizes to whole pixels first, and crops whole pixels then."""
    config = timm.data.resolve_model_data_config(tiny.model)
    transform = timm.data.create_transform(**config, is_training=False)

    for path in pictures:
        crop = torch.from_numpy(read_crop(path, tiny).copy()).permute(2, 0, 1) / 255
        mean, std = (torch.tensor(values).view(3, 1, 1) for values in (tiny.mean, tiny.std))
        expected = transform(Image.open(path).convert("RGB"))
        assert ((crop - mean) / std - expected).abs().mean() < 0.06


def test_a_picture_without_detail_outside_its_centre_embeds_like_its_centre(tiny, tmp_path, rng):
    square = Image.fromarray(rng.integers(0, 256, (160, 160, 3), np.uint8)).filter(ImageFilter.BLUR)
    square.save(tmp_path / "square.png")
    wide = Image.new("RGB", (480, 160))
    wide.paste(square, (160, 0))
    wide.save(tmp_path / "wide.png")

    rows, _ = embed_images([tmp_path / "square.png", tmp_path / "wide.png"], tiny)

    assert np.allclose(rows[0], rows[1], atol=1e-3)


def test_what_the_engine_chooses_is_faithful(tmp_path, monkeypatch):
    """Its features stay within a mean cosine of .998 of torch's in fp32, on the real backbone and photos."""
    monkeypatch.setattr("worker.ml.embed.WORTH_MEASURING", 6)
    photos = []
    for index, photo in enumerate(load_sample_images().images):
        for left in (0, 160, 320):
            photos.append(tmp_path / f"{index}-{left}.png")
            Image.fromarray(photo[60:380, left : left + 320]).save(photos[-1])
    exact = load_backbone(DEFAULT_PRESET, compute=Compute(torch.device("cpu"), torch.float32))
    fast = Engine(load_backbone(DEFAULT_PRESET))

    reference, _ = embed_images(photos[:5], exact)
    reference = np.concatenate([reference, embed_images(photos[5:], exact)[0]])
    embeddings, _ = embed_images(photos, fast)

    cosine = (reference.astype(float) * embeddings.astype(float)).sum(1)
    assert fast.settled()
    assert cosine.mean() > 0.998


def test_a_backbone_that_reads_bilinearly_crops_bilinearly(pictures, tiny):
    bilinear = replace(tiny, interpolation="bilinear")
    assert not np.array_equal(read_crop(pictures[0], tiny), read_crop(pictures[0], bilinear))


@pytest.mark.parametrize("size", [(320, 500), (1280, 960), (333, 321), (60, 41), (2000, 170)])
def test_the_fast_crop_shows_what_the_plain_one_shows(tiny, tmp_path, size, rng):
    """Scaled decoding, whole pixels and torch's resizing against Pillow's of the whole picture; up to rounding."""
    coarse = Image.fromarray(rng.integers(0, 256, (7, 7, 3), np.uint8))
    path = tmp_path / "picture.jpg"
    coarse.resize(size, Image.Resampling.BICUBIC).save(path, quality=95, subsampling=0)

    fast, plain = read_crop(path, tiny), centre_crop(Image.open(path).convert("RGB"), tiny)

    assert fast.shape == plain.shape == (tiny.input_px, tiny.input_px, 3)
    assert np.abs(fast.astype(int) - plain).mean() < 1.5


def test_a_large_jpeg_is_decoded_scaled(tiny, tmp_path, monkeypatch, rng):
    sizes = []
    real = simplejpeg.decode_jpeg

    def decode_jpeg(data, **options):
        pixels = real(data, **options)
        sizes.append(pixels.shape[:2])
        return pixels

    monkeypatch.setattr(simplejpeg, "decode_jpeg", decode_jpeg)
    for size in ((1280, 960), (320, 240)):
        Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), np.uint8)).save(tmp_path / "picture.jpg")
        read_crop(tmp_path / "picture.jpg", tiny)
    needed = tiny.input_px / tiny.crop_pct
    assert needed <= min(sizes[0]) < 480
    assert sizes[1] == (240, 320)


def test_memory_that_does_not_suffice_costs_no_picture(pictures, tiny, monkeypatch):
    engine = Engine(tiny)
    engine.prepare()
    real, sizes = engine._backend.run, []

    def run(pixels):
        sizes.append(len(pixels))
        if len(pixels) > 2:
            raise torch.OutOfMemoryError("not so many")
        return real(pixels)

    monkeypatch.setattr(engine._backend, "run", run)
    embeddings, failed = embed_images(pictures, engine)

    expected, _ = embed_images(pictures, tiny, batch_size=2)
    assert (sizes, failed) == ([10, 5, 2, 2, 2, 2, 2], [])
    assert np.array_equal(embeddings, expected)


def test_stopped_from_outside_it_leaves_no_thread_behind(pictures, tiny):
    def stop(done):
        raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        embed_images(pictures, tiny, batch_size=1, on_batch=stop)
    assert threading.active_count() == before


def test_many_pictures_are_measured_on_and_few_are_not(pictures, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr("worker.ml.engine.choice.MEASURE_SECONDS", 0.01)
    monkeypatch.setattr("worker.ml.embed.WORTH_MEASURING", 10)
    engine = Engine(tiny, cache=tmp_path)
    embed_images(pictures[:9], engine)
    assert not engine.settled()
    embed_images([None, *pictures], engine)
    assert engine.settled()


def test_pictures_that_cannot_be_read_are_nothing_to_measure_on(tiny, monkeypatch):
    monkeypatch.setattr("worker.ml.embed.WORTH_MEASURING", 10)
    engine = Engine(tiny)
    embeddings, failed = embed_images([None] * 10, engine)
    assert failed == list(range(10))
    assert not embeddings.any()
    assert not engine.settled()
