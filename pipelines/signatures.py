"""Whether what came for an attachment's address is a file: by its first bytes, whatever name and server say.

Portals answer for a file that is gone with a page, and name files wrongly: a `.doc` may be PDF. The signatures are
those of the formats' own specifications; a table of ours, not a library, because the verdict is part of the cleaner.
"""

from archive.records import File

_SIGNATURES = (
    (b"PK\x03\x04", "zip"),  # docx, xlsx, pptx, odt too
    (b"PK\x05\x06", "zip"),  # an empty one
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),  # doc, xls, ppt
    (b"{\\rtf", "rtf"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
)
#: Readers accept bytes before the header of a PDF, so far in (ISO 32000-1, annex H).
_PDF_WITHIN = 1024
#: How files end of which the format says it, and how many bytes of other things readers allow behind it: PDF as its
#: header, ZIP its longest comment, PNG and JPEG what cameras and editors append.
_ENDS = {
    "pdf": (b"%%EOF", 1024),
    "zip": (b"PK\x05\x06", 2**16 + 22),
    "png": (b"IEND\xae\x42\x60\x82", 2**16),
    "jpeg": (b"\xff\xd9", 2**16),
}
# Word and Excel save pages too, under the names of their own formats.
_OFFICE_PAGE = b"urn:schemas-microsoft-com:office:"


def file_in(payload: bytes, media_type: str) -> File | None:
    """The file that ``payload`` is, or None where it is none: a page, a message, nothing."""
    kind = _kind(payload, media_type)
    return File(kind, len(payload)) if kind else None


def cut_off(payload: bytes, media_type: str) -> bool:
    """Whether ``payload`` lacks the end that its format demands. Of formats that demand none nobody can tell."""
    end, within = _ENDS.get(_kind(payload, media_type) or "", (b"", 0))
    return end not in payload[-(within + len(end)) :]


def _kind(payload: bytes, media_type: str) -> str | None:
    for signature, name in _SIGNATURES:
        if payload.startswith(signature):
            return name
    if payload[:4] == b"RIFF" and payload[8:12] == b"WEBP":
        return "webp"
    if payload[:2] == b"BM" and payload[6:10] == bytes(4):
        return "bmp"
    if b"%PDF-" in payload[:_PDF_WITHIN]:
        return "pdf"
    if "html" not in media_type and _OFFICE_PAGE in payload[:4096]:
        return "office-page"
    return None


def beginning(payload: bytes) -> str:
    """The first bytes, for a person: ``b'<html>'``."""
    return repr(payload[:16])
