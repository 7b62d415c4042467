"""The closed list of reasons for which a file does not become an image, each with a sentence for people."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a file was turned away. The values are stored and exported, so they never change."""

    EMPTY_FILE = "empty_file"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_PIXELS = "too_many_pixels"
    NOT_AN_IMAGE = "not_an_image"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    UNSUPPORTED_FORMAT = "unsupported_format"
    UNSUPPORTED_MODE = "unsupported_mode"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    DECODER_CRASHED = "decoder_crashed"
    UNREADABLE = "unreadable"
    UNSAFE_PATH = "unsafe_path"
    ZIP_ENCRYPTED = "zip_encrypted"
    ZIP_RATIO = "zip_ratio"
    ZIP_TOO_MANY = "zip_too_many"
    ZIP_TOO_LARGE = "zip_too_large"
    ZIP_CORRUPT = "zip_corrupt"
    ZIP_DUPLICATE = "zip_duplicate"
    ZIP_NESTED = "zip_nested"
    UNKNOWN = "unknown"

    @property
    def sentence(self) -> str:
        """What is wrong and what to do about it, in one or two plain sentences."""
        return _SENTENCES[self]


_SENTENCES = {
    Reason.EMPTY_FILE: "The file has no content. Copy it again from where it came from.",
    Reason.TOO_MANY_BYTES: "The file is larger than the limit. Save it smaller, or raise the limit.",
    Reason.TOO_MANY_PIXELS: "The picture has more pixels than the limit. Scale it down, or cut it into tiles.",
    Reason.NOT_AN_IMAGE: "The content is not a picture, whatever the name says. Remove it from the folder.",
    Reason.TRUNCATED: "The picture ends too early. Copy it again; the transfer was probably cut off.",
    Reason.CORRUPT: "The picture is damaged. Open it in an image editor and save it again, or replace it.",
    Reason.UNSUPPORTED_FORMAT: "This kind of file cannot be read. Convert it to PNG, JPEG, TIFF or WebP.",
    Reason.UNSUPPORTED_MODE: "Its pixel type cannot be shown as colour (32-bit, for example). "
    "Convert it to 8 or 16 bits a channel.",
    Reason.TIMEOUT: "Reading the picture took longer than the limit. Save it in a simpler form, or raise the limit.",
    Reason.OUT_OF_MEMORY: "Reading the picture needs more memory than the limit. Scale it down, or raise the limit.",
    Reason.DECODER_CRASHED: "The picture made its decoder fail, so it is probably damaged or hostile. Replace it.",
    Reason.UNREADABLE: "The file could not be opened. Check that it exists and may be read.",
    Reason.UNSAFE_PATH: "The path leads outside the delivery, or is not a plain file. Put the file itself there.",
    Reason.ZIP_ENCRYPTED: "The entry is protected by a password. Pack the archive without one.",
    Reason.ZIP_RATIO: "The entry unpacks to far more than it should, like a zip bomb. Deliver it unpacked.",
    Reason.ZIP_TOO_MANY: "The archive has more entries than the limit. Split it into several archives.",
    Reason.ZIP_TOO_LARGE: "The archive unpacks to more than the limit. Split it into several archives.",
    Reason.ZIP_CORRUPT: "The archive or this entry of it is damaged. Pack it again.",
    Reason.ZIP_DUPLICATE: "The archive has an earlier entry of the same name; that one was kept. Rename this one.",
    Reason.ZIP_NESTED: "It is an archive inside an archive, and those are not opened. Deliver it on its own.",
    Reason.UNKNOWN: "The file could not be read, and the cause is not known. Convert it to PNG or JPEG.",
}


class RejectedError(Exception):
    """A file cannot become an image, for `reason`; `detail` is a technical remark for the curious."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
