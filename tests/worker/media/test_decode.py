"""Every kind of picture becomes full-size sRGB exactly, and everything else is refused with a reason."""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from tests.worker.media import pictures
from tests.worker.media.reference import reference_rgb
from worker.media.decode import FORMATS, decode, decode_rgb
from worker.media.limits import Limits
from worker.media.reasons import Reason, RejectedError

RGB = Image.fromarray(pictures.gradient())
RGBA = Image.fromarray(pictures.gradient(channels=4))
GREY = Image.fromarray(pictures.gradient(channels=1)[..., 0])
GREY_ALPHA = Image.fromarray(pictures.gradient(channels=2))
WIDE = pictures.gradient(channels=4).astype(np.uint16) * 241 + 77


def refused(path: Path, limits: Limits | None = None) -> RejectedError:
    with pytest.raises(RejectedError) as caught:
        decode_rgb(path, limits)
    return caught.value


def palette(transparency: int | bytes | None = None) -> bytes:
    options = {} if transparency is None else {"transparency": transparency}
    return pictures.saved(RGB.quantize(16), "PNG", **options)


def animation(file_format: str) -> bytes:
    return pictures.saved(RGB, file_format, save_all=True, append_images=[RGB.rotate(180)], lossless=True)


def turned(orientation: int, file_format: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return pictures.saved(RGB, file_format, exif=exif)


def wide_tiff(order: str) -> bytes:
    """An uncompressed 16-bit RGB TIFF, little-endian (`<`) or big-endian (`>`)."""
    height, width, _ = WIDE.shape
    data = WIDE[..., :3].astype(f"{order}u2").tobytes()
    depths = struct.pack(f"{order}3H", 16, 16, 16)
    fields = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 3, 8 + len(data)), (259, 4, 1, 1), (262, 4, 1, 2),
        (273, 4, 1, 8), (277, 4, 1, 3), (278, 4, 1, height), (279, 4, 1, len(data)),
    ]  # fmt: skip
    directory = struct.pack(f"{order}H", len(fields))
    directory += b"".join(struct.pack(f"{order}HHII", *field) for field in fields) + bytes(4)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(f"{order}I", 8 + len(data) + len(depths)) + data + depths + directory


CLEAR_GREY = pictures.png_chunk(b"tRNS", struct.pack(">H", 3))
CLEAR_WIDE = pictures.png_chunk(b"tRNS", struct.pack(">HHH", *map(int, WIDE[3, 5, :3])))

PICTURES: dict[str, tuple[Callable[[], bytes], str]] = {
    "JPEG": (lambda: pictures.saved(RGB, "JPEG"), "RGB"),
    "progressive JPEG": (lambda: pictures.saved(RGB, "JPEG", progressive=True), "RGB"),
    "grey JPEG": (lambda: pictures.saved(GREY, "JPEG"), "L"),
    "CMYK JPEG": (lambda: pictures.saved(RGB.convert("CMYK"), "JPEG"), "CMYK"),
    "PNG": (lambda: pictures.saved(RGB, "PNG"), "RGB"),
    "PNG with alpha": (lambda: pictures.saved(RGBA, "PNG"), "RGBA"),
    "PNG grey with alpha": (lambda: pictures.saved(GREY_ALPHA, "PNG"), "LA"),
    "PNG 1-bit": (lambda: pictures.saved(GREY.convert("1"), "PNG"), "1"),
    "PNG 2-bit with clear grey": (lambda: pictures.png(WIDE[..., :1] % 4, 2, 0, CLEAR_GREY), "L"),
    "PNG 4-bit with clear grey": (lambda: pictures.png(WIDE[..., :1] % 16, 4, 0, CLEAR_GREY), "L"),
    "PNG 8-bit with clear grey": (lambda: pictures.png(WIDE[..., :1] % 9, 8, 0, CLEAR_GREY), "L"),
    "PNG palette": (palette, "P"),
    "PNG palette with a clear entry": (lambda: palette(transparency=3), "P"),
    "PNG palette with opacities": (lambda: palette(transparency=bytes(range(0, 160, 10))), "P"),
    "PNG 16-bit grey": (lambda: pictures.png(WIDE[..., :1], 16, 0), "I;16"),
    "PNG 16-bit grey with alpha": (lambda: pictures.png(WIDE[..., :2], 16, 4), "LA;16"),
    "PNG 16-bit": (lambda: pictures.png(WIDE[..., :3], 16, 2), "RGB;16"),
    "PNG 16-bit with a clear colour": (lambda: pictures.png(WIDE[..., :3], 16, 2, CLEAR_WIDE), "RGB;16"),
    "PNG 16-bit with alpha": (lambda: pictures.png(WIDE, 16, 6), "RGBA;16"),
    "GIF": (lambda: pictures.saved(RGB, "GIF"), "P"),
    "GIF with a clear entry": (lambda: pictures.saved(RGB.quantize(16), "GIF", transparency=2), "P"),
    "animated GIF": (lambda: animation("GIF"), "P"),
    "animated WebP": (lambda: animation("WEBP"), "RGB"),
    "WebP with alpha": (lambda: pictures.saved(RGBA, "WEBP", lossless=True), "RGBA"),
    "AVIF": (lambda: pictures.saved(RGB, "AVIF"), "RGB"),
    "HEIC": (lambda: pictures.saved(RGB, "HEIF"), "RGB"),
    "TIFF": (lambda: pictures.saved(RGB, "TIFF", compression="tiff_lzw"), "RGB"),
    "TIFF CMYK": (lambda: pictures.saved(RGB.convert("CMYK"), "TIFF"), "CMYK"),
    "JPEG 2000": (lambda: pictures.saved(RGB, "JPEG2000"), "RGB"),
    "BMP": (lambda: pictures.saved(RGB, "BMP"), "RGB"),
    "ICO": (lambda: pictures.saved(RGBA, "ICO", sizes=[(48, 32)]), "RGBA"),
    "TGA": (lambda: pictures.saved(RGB, "TGA"), "RGB"),
    "PPM": (lambda: pictures.saved(RGB, "PPM"), "RGB"),
    "16-bit PGM": (
        lambda: b"P5 48 32 65535\n" + WIDE[..., 0].astype(">u2").tobytes(),
        "I",
    ),
    "PNG with a profile": (lambda: pictures.saved(RGB, "PNG", icc_profile=pictures.blue_first_profile()), "RGB"),
    "PNG with alpha and profile": (
        lambda: pictures.saved(RGBA, "PNG", icc_profile=pictures.blue_first_profile()),
        "RGBA",
    ),
    "grey JPEG with a grey profile": (
        lambda: pictures.saved(GREY, "JPEG", icc_profile=pictures.linear_grey_profile()),
        "L",
    ),
    "grey JPEG with a colour profile": (
        lambda: pictures.saved(GREY, "JPEG", icc_profile=pictures.blue_first_profile()),
        "L",
    ),
    "JPEG with a broken profile": (lambda: pictures.saved(RGB, "JPEG", icc_profile=b"no profile" * 20), "RGB"),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_pixels_equal_an_independent_conversion(kind: str, tmp_path: Path) -> None:
    make, mode = PICTURES[kind]
    path = tmp_path / "picture.bin"  # the name never matters
    path.write_bytes(make())
    picture = decode(path)
    assert picture.rgb.mode == "RGB"
    assert picture.mode == mode
    np.testing.assert_array_equal(np.asarray(picture.rgb), reference_rgb(path))


@pytest.mark.parametrize("order", ["<", ">"])
def test_sixteen_bit_tiff_keeps_its_low_bytes_until_rounding(order: str, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(wide_tiff(order))
    picture = decode(path)
    assert picture.mode == "RGB;16"
    np.testing.assert_array_equal(np.asarray(picture.rgb), np.rint(WIDE[..., :3] / 257))


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_and_told(orientation: int, file_format: str, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(turned(orientation, file_format))
    picture = decode(path)
    assert picture.exif_orientation == orientation
    assert picture.rgb.size == ((48, 32) if orientation < 5 else (32, 48))
    if file_format == "PNG":  # lossless, so that the pixels can be followed
        stored = np.asarray(RGB)
        corner = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0), 5: (0, 0), 6: (-1, 0), 7: (-1, -1), 8: (0, -1)}
        np.testing.assert_array_equal(np.asarray(picture.rgb)[0, 0], stored[corner[orientation]])


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_a_meaningless_orientation_is_ignored(orientation: int, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(turned(orientation))
    assert decode(path).exif_orientation == 1


def test_broken_exif_does_not_cost_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(pictures.saved(RGB, "JPEG", exif=b"Exif\0\0MM\0*\0\0\xff\xff garbage"))
    assert decode(path).exif_orientation == 1


def test_a_profile_changes_the_colours_it_should(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    red = Image.new("RGB", (4, 4), (200, 30, 90))
    path.write_bytes(pictures.saved(red, "PNG", icc_profile=pictures.blue_first_profile()))
    np.testing.assert_allclose(np.asarray(decode_rgb(path))[0, 0], (90, 30, 200), atol=2)
    path.write_bytes(pictures.saved(Image.new("L", (4, 4), 128), "PNG", icc_profile=pictures.linear_grey_profile()))
    np.testing.assert_allclose(np.asarray(decode_rgb(path))[0, 0], (188, 188, 188), atol=1)


def test_cmyk_ink_is_ink_and_not_light(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(pictures.saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95))
    np.testing.assert_allclose(np.asarray(decode_rgb(path))[8, 8], (255, 0, 0), atol=6)


def test_lab_becomes_colour(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(pictures.saved(Image.new("LAB", (4, 4), (128, 128, 128)), "TIFF"))
    assert np.asarray(decode_rgb(path)).mean() == pytest.approx(119, abs=3)  # L* 50 is middle grey


def test_a_large_picture_is_converted_in_strips_without_seams(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    tall = Image.fromarray(pictures.gradient(2100, 2100, 4))
    path.write_bytes(pictures.saved(tall, "PNG", compress_level=1))
    cover = np.asarray(tall)[..., 3:].astype(np.int64)
    expected = (np.asarray(tall)[..., :3] * cover + 255 * (255 - cover) + 127) // 255
    np.testing.assert_array_equal(np.asarray(decode_rgb(path)), expected)


@settings(deadline=None)
@given(samples=arrays.arrays(np.uint16, (3, 4, 3)))
def test_sixteen_bits_are_divided_by_257_and_rounded(
    samples: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "wide"
    path.write_bytes(pictures.png(samples, 16, 2))
    np.testing.assert_array_equal(np.asarray(decode_rgb(path)), np.rint(samples / 257))


@settings(deadline=None)
@given(pixels=arrays.arrays(np.uint8, (3, 4, 4)))
def test_transparency_is_put_over_white(pixels: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "clear"
    path.write_bytes(pictures.saved(Image.fromarray(pixels), "PNG"))
    opacity = pixels[..., 3:] / 255
    np.testing.assert_array_equal(
        np.asarray(decode_rgb(path)), np.rint(pixels[..., :3] * opacity + 255 * (1 - opacity))
    )


JPEG = pictures.saved(RGB, "JPEG")
BAD_PNG = pictures.png_file(4, 4, 8, 2, zlib.compress(bytes(4)))
REFUSED: dict[str, tuple[bytes, Reason]] = {
    "no bytes": (b"", Reason.EMPTY_FILE),
    "one byte": (b"\x89", Reason.NOT_AN_IMAGE),
    "text": (b"just words\n" * 50, Reason.NOT_AN_IMAGE),
    "a web page": (b"<!doctype html><title>no</title>", Reason.NOT_AN_IMAGE),
    "half a JPEG": (JPEG[: len(JPEG) // 2], Reason.TRUNCATED),
    "a JPEG's first bytes": (JPEG[:12], Reason.TRUNCATED),
    "a PNG bomb": (pictures.png_file(50_000, 50_000, 1, 0, b""), Reason.TOO_MANY_PIXELS),
    "a PNG of 2 G x 2 G": (pictures.png_file(2**31 - 1, 2**31 - 1, 8, 2, b""), Reason.TOO_MANY_PIXELS),
    "a PNG without pixels": (pictures.png_file(0, 5, 8, 2, b""), Reason.CORRUPT),
    "a PNG of no known kind": (pictures.png_file(4, 4, 8, 5, b""), Reason.CORRUPT),
    "a PNG with too little data": (BAD_PNG, Reason.TRUNCATED),
    "a PNG with a wrong checksum": (BAD_PNG[:30] + b"\0" + BAD_PNG[31:], Reason.CORRUPT),
    "half a WebP": (pictures.saved(RGB, "WEBP")[:60], Reason.CORRUPT),
    "half a HEIC": (pictures.saved(RGB, "HEIF")[:400], Reason.CORRUPT),
    "a WebP of 256 M pixels": (
        b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff\x3f\0\xff\x3f\0",
        Reason.TOO_MANY_PIXELS,
    ),
    "a drawing": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', Reason.UNSUPPORTED_FORMAT),
    "a document": (b"%PDF-1.7\n", Reason.UNSUPPORTED_FORMAT),
    "a program in PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", Reason.UNSUPPORTED_FORMAT),
    "32-bit floats": (pictures.saved(GREY.convert("F"), "TIFF"), Reason.UNSUPPORTED_MODE),
    "32-bit integers": (pictures.saved(GREY.convert("I"), "TIFF"), Reason.UNSUPPORTED_MODE),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_everything_else_is_refused_with_its_reason(kind: str, tmp_path: Path) -> None:
    content, reason = REFUSED[kind]
    path = tmp_path / "picture.jpg"
    path.write_bytes(content)
    assert refused(path).reason == reason


def test_limits_refuse_before_decoding(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(pictures.saved(RGB, "PNG"))
    assert refused(path, Limits(max_pixels=48 * 32 - 1)).reason == Reason.TOO_MANY_PIXELS
    assert refused(path, Limits(max_bytes=path.stat().st_size - 1)).reason == Reason.TOO_MANY_BYTES
    assert decode_rgb(path, Limits(max_pixels=48 * 32, max_bytes=path.stat().st_size)).size == (48, 32)


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 80}])
def test_a_decoder_short_of_memory_is_not_believed_that_the_picture_is_broken(
    options: dict[str, object], tmp_path: Path
) -> None:
    path = tmp_path / "picture"
    path.write_bytes(pictures.saved(RGB, "WEBP", **options)[:-20])
    assert refused(path).reason == Reason.CORRUPT
    assert refused(path, Limits(memory_bytes=10_000)).reason == Reason.OUT_OF_MEMORY


def test_what_is_no_plain_file_is_never_opened(tmp_path: Path) -> None:
    assert refused(tmp_path / "absent.png").reason == Reason.UNREADABLE
    assert refused(tmp_path).reason == Reason.UNSAFE_PATH
    assert refused(Path("/dev/zero")).reason == Reason.UNSAFE_PATH


@settings(deadline=None)
@given(content=st.binary(min_size=1, max_size=400), start=st.sampled_from([b"", *(JPEG[:30], BAD_PNG[:40])]))
def test_no_bytes_whatever_do_anything_but_decode_or_be_refused(
    content: bytes, start: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "noise"
    path.write_bytes(start + content)
    with contextlib.suppress(RejectedError):
        assert decode_rgb(path).mode == "RGB"


def test_every_format_on_the_list_is_one_that_pillow_has() -> None:
    assert set(FORMATS) <= set(Image.OPEN)


def test_every_reason_tells_what_to_do() -> None:
    for reason in Reason:
        assert reason.sentence.endswith(".")
        assert reason.value == reason.name.lower()
