"""What a file really is: by its bytes, never by what its sender says. Unknown means refused.

Shape   ``media_type_of`` reads a seekable file and gives the media type it is stored under.
Errors  ``ArchiveRefused``: ``archive.empty``, ``archive.script``, ``archive.executable``,
        ``archive.packed``, ``archive.bomb``, ``archive.active_content``,
        ``archive.type_unknown``, ``archive.wrong_extension``.
"""

import codecs
import re
import zipfile
from typing import BinaryIO

from daihou.web.archive.errors import ArchiveRefused

HEAD_BYTES = 4096
CHUNK_BYTES = 1 << 20
ENTRIES_MOST = 2000
UNPACKED_MOST_BYTES = 200 << 20
UNPACKED_MOST_TIMES = 200  # Of a part's packed size; office documents stay below fifty.
SMALL_PART_BYTES = 1 << 20

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXTENSIONS = {
    "application/pdf": {"pdf"},
    "image/jpeg": {"jpg", "jpeg"},
    "image/png": {"png"},
    "image/webp": {"webp"},
    "image/tiff": {"tif", "tiff"},
    "image/heic": {"heic"},
    "audio/wav": {"wav"},
    "audio/mpeg": {"mp3"},
    "audio/ogg": {"ogg", "opus"},
    "audio/amr": {"amr"},
    "audio/mp4": {"m4a"},
    "video/mp4": {"mp4"},
    "text/plain": {"txt"},
    "text/csv": {"csv"},
    DOCX: {"docx"},
    XLSX: {"xlsx"},
}
_EXECUTABLE = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa", b"#!")
_AMR = b"#!AMR"  # A recording that begins like a script.
_ARCHIVE = (
    b"PK",
    b"Rar!",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5/\xfd",
)
_MARKUP = re.compile(
    rb"<\s*(!doctype|html|head|body|script|svg|iframe|object|embed|\?xml|\?php|%|style|link|meta)",
    re.IGNORECASE,
)
_ACTIVE = re.compile(rb"/(JavaScript|Launch|EmbeddedFile|RichMedia)\b")
_ACTIVE_PART = re.compile(r"vbaproject|/embeddings/|/activex/|\.(zip|exe|js|vbs)$", re.IGNORECASE)
_MP4_BRANDS = {b"M4A ": "audio/mp4", b"heic": "image/heic", b"mif1": "image/heic"}


def media_type_of(*, content: BinaryIO, extension: str) -> str:
    """Name what the bytes are; ``extension`` has to be one of that type's.

    :raises ArchiveRefused: see the module.
    """
    content.seek(0)
    head = content.read(HEAD_BYTES)
    if not head:
        raise ArchiveRefused("archive.empty")
    if head.startswith(_EXECUTABLE) and not head.startswith(_AMR):
        raise ArchiveRefused("archive.executable")
    found = _by_magic(head)
    if found is None and head.startswith(_ARCHIVE):
        found = _office_type(content, extension)
    if found is None:
        found = _text_type(content, extension)
    if found == "application/pdf":
        _check_pdf(content)
    if extension not in EXTENSIONS[found]:
        raise ArchiveRefused("archive.wrong_extension", extension=extension or "–", found=found)
    content.seek(0)
    return found


def _by_magic(head: bytes) -> str | None:
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"RIFF") and head[8:12] in {b"WEBP", b"WAVE"}:
        return "image/webp" if head[8:12] == b"WEBP" else "audio/wav"
    if head.startswith((b"II*\0", b"MM\0*")):
        return "image/tiff"
    if head.startswith((b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")):
        return "audio/mpeg"
    if head.startswith(b"OggS"):
        return "audio/ogg"
    if head.startswith(_AMR):
        return "audio/amr"
    if head[4:8] == b"ftyp":
        return _MP4_BRANDS.get(head[8:12], "video/mp4")
    return None


def _text_type(content: BinaryIO, extension: str) -> str:
    """Take plain text in UTF-8 or GB18030 that holds no markup; nothing else is text."""
    content.seek(0)
    decoders = [codecs.getincrementaldecoder(name)() for name in ("utf-8", "gb18030")]
    tail = b""
    while chunk := content.read(CHUNK_BYTES):
        if _MARKUP.search(tail + chunk):
            raise ArchiveRefused("archive.script")
        if any(byte < 32 and byte not in b"\t\r\n\f" for byte in set(chunk)):
            raise ArchiveRefused("archive.type_unknown")
        decoders = [each for each in decoders if _decodes(each, chunk, is_last=False)]
        tail = chunk[-32:]
    if not any(_decodes(each, b"", is_last=True) for each in decoders):
        raise ArchiveRefused("archive.type_unknown")
    return "text/csv" if extension == "csv" else "text/plain"


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, is_last: bool) -> bool:
    try:
        decoder.decode(chunk, is_last)
    except UnicodeDecodeError:
        return False
    return True


def _check_pdf(content: BinaryIO) -> None:
    """Refuse a PDF that says it does something by itself or carries other files."""
    content.seek(0)
    tail = b""
    while chunk := content.read(CHUNK_BYTES):
        if _ACTIVE.search(tail + chunk):
            raise ArchiveRefused("archive.active_content")
        tail = chunk[-32:]


def _office_type(content: BinaryIO, extension: str) -> str:
    """Look into a zip without unpacking it: Word and Excel documents only, without macros."""
    if extension not in {"docx", "xlsx"}:
        raise ArchiveRefused("archive.packed")
    content.seek(0)
    try:
        with zipfile.ZipFile(content) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError) as exception:
        raise ArchiveRefused("archive.type_unknown") from exception
    names = {part.filename for part in parts}
    _check_parts(parts)
    if any(_ACTIVE_PART.search(name) for name in names):
        raise ArchiveRefused("archive.active_content")
    if "[Content_Types].xml" in names and "word/document.xml" in names:
        return DOCX
    if "[Content_Types].xml" in names and "xl/workbook.xml" in names:
        return XLSX
    raise ArchiveRefused("archive.packed")


def _check_parts(parts: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(part.file_size for part in parts)
    thick = any(
        part.file_size > max(SMALL_PART_BYTES, UNPACKED_MOST_TIMES * part.compress_size)
        for part in parts
    )
    if len(parts) > ENTRIES_MOST or unpacked > UNPACKED_MOST_BYTES or thick:
        raise ArchiveRefused("archive.bomb")
