"""The files a scenario is made of, each read once."""

from __future__ import annotations

import difflib
import os
import unicodedata
from dataclasses import dataclass, field

MAX_BYTES = 20_000_000
MAX_ALL = 50_000_000

#: what a file is that begins with such bytes
_FOREIGN = {
    b"\xff\xfe\0\0": "UTF-32 text",
    b"\0\0\xfe\xff": "UTF-32 text",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"PK\3\4": "a ZIP file (as those of Excel and Word are)",
    b"\xd0\xcf\x11\xe0": "a file of an old Excel or Word",
    b"\x1f\x8b": "compressed (gzip)",
    b"%PDF": "a PDF file",
}


class FileProblem(Exception):
    """A file that cannot be read; the message says why, in an author's words, and where in it."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(slots=True)
class Files:
    """Texts by path, as the path was written relative to the first file; the first file first."""

    texts: dict[str, str] = field(default_factory=dict)
    #: by path, where the numbers of a file are from, if it says so for all of them
    sources: dict[str, str] = field(default_factory=dict)
    _bytes: int = 0

    def read(self, path: str) -> str:
        """The text of a file, line ends as ``\\n``. Raises: FileProblem."""
        if path in self.texts:
            return self.texts[path]
        place = _stored(path)
        try:
            if not os.path.isfile(place) and os.path.exists(place):
                raise FileProblem(f"`{path}` is not a file")
            size = os.path.getsize(place)
            self._bytes += size
            if self._bytes > MAX_ALL:
                raise FileProblem(f"the files that are used have more than {MAX_ALL:,} bytes together")
            if size > MAX_BYTES:
                raise FileProblem(f"`{path}` has {size:,} bytes; at most {MAX_BYTES:,} are read")
            with open(place, "rb") as stream:
                data = stream.read()
        except FileNotFoundError:
            raise FileProblem(f"there is no file `{path}`") from None
        except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
            reason = getattr(error, "strerror", None) or str(error)
            raise FileProblem(f"`{path}` cannot be read: {reason}") from None
        self.texts[path] = decode(data, path)
        return self.texts[path]


def _stored(path: str) -> str:
    """The path as the disk has it: an `é` is one character there or two (macOS, archives made there)."""
    if path.isascii() or os.path.lexists(path):
        return path
    forms = (unicodedata.normalize(form, path) for form in ("NFC", "NFD"))
    return next(filter(os.path.lexists, forms), path)


def decode(data: bytes, path: str) -> str:
    """UTF-8 text with ``\\n`` line ends, without a byte order mark. Raises: FileProblem."""
    foreign = next((what for begin, what in _FOREIGN.items() if data.startswith(begin)), None)
    if foreign is None and len(data) > 1 and (data[0] == 0) != (data[1] == 0):
        foreign = "UTF-16 text"  # without a byte order mark
    if foreign:
        raise FileProblem(f"`{path}` is {foreign}, not UTF-8 text")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        begin = data.rfind(b"\n", 0, error.start) + 1
        column = len(data[begin : error.start].decode("utf-8-sig", errors="replace")) + 1
        byte = data[error.start : error.start + 1]
        meant = byte.decode("cp1252", errors="ignore")
        guess = f" (`{meant}` in Windows-1252)" if meant.isprintable() and meant else ""
        what = f"line {line} holds the byte {byte.hex().upper()}{guess}"
        raise FileProblem(f"`{path}` is not UTF-8 text: {what}", line, column) from None
    return normalise(text)


def normalise(text: str) -> str:
    """`text` without a byte order mark and with ``\\n`` line ends."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def beside(file: str, name: str) -> str:
    """The path of `name`, which `file` mentions."""
    return os.path.normpath(os.path.join(os.path.dirname(file), name))


def nearest_file(path: str, suffixes: tuple[str, ...]) -> str | None:
    """The name in the folder of `path` that is most like its own."""
    try:
        with os.scandir(os.path.dirname(path) or ".") as entries:
            names = [entry.name for _, entry in zip(range(2000), entries, strict=False)]
    except (OSError, ValueError):
        return None
    names = [name for name in names if name.endswith(suffixes)]
    close = difflib.get_close_matches(os.path.basename(path), names, 1, 0.5)
    return close[0] if close else None
