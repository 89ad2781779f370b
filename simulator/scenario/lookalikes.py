"""Characters that look like those of the language, or like nothing at all.

They come with text that was copied from a PDF or a web page, or typed with another keyboard: a Cyrillic
``а``, a full-width ``０``, curly quotes, a blank without width. Who reads the line cannot see what is wrong.
"""

from __future__ import annotations

import unicodedata

#: letters of other alphabets (Unicode Technical Standard 39, confusables), and those that have no parts
_LETTERS = dict(zip(
    "аеорсухіјѕһԁӏԛԝѵкАВЕКМНОРСТХУІЈЅοανικρυχτεηϲΑΒΕΖΗΙΚΜΝΟΡΤΥΧıøłđØŁĐ",
    "aeopcyxijshdlqwvkABEKMHOPCTXYIJSoavikpuxtencABEZHIKMNOPTYXioldOLD",
    strict=True,
))  # fmt: skip
_LETTERS |= {"ß": "ss", "æ": "ae", "œ": "oe", "Æ": "AE", "Œ": "OE"}
_MARKS = {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'", "‐": "-", "‑": "-"}


def latin(text: str) -> str:
    """`text` in letters, digits and marks of ASCII, as far as they look like them; accents are left out.

    >>> latin("Sjögren"), latin("аsthma"), latin("０.５")
    ('Sjogren', 'asthma', '0.5')
    """
    return text if text.isascii() else "".join(map(_plain, text))


def strange(text: str) -> str:
    """Which character of a name or number is not what it looks like; "" if each is.

    >>> strange("оnset")
    '`о` is U+043E CYRILLIC SMALL LETTER O, not `o`.'
    >>> strange("ménière")
    ''
    """
    if text.isascii():
        return ""
    unseen = next((c for c in text if not _is_seen(c)), None)
    if unseen is not None:
        return f"An invisible character stands in it, {_named(unseen)}: delete it."
    if not latin(text).isascii():
        return ""  # words of another language
    for character in text:
        plain = _plain(character)
        if not character.isascii() and plain.strip() and not _has_accents(character):
            return f"`{character}` is {_named(character)}, not `{plain}`."
    return ""


def is_word(character: str) -> bool:
    """Whether a character belongs to the word that it stands in, of whatever alphabet."""
    return character.isalnum() or character == "_" or not _is_seen(character) or _is_mark(character)


def _plain(character: str) -> str:
    if character.isascii():
        return character
    if character in _LETTERS or character in _MARKS:
        return _LETTERS.get(character) or _MARKS[character]
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    parts = unicodedata.normalize("NFKD", character)
    return "".join(c for c in parts if _is_seen(c) and not _is_mark(c))


def _named(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) != "Cf"


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me")


def _has_accents(character: str) -> bool:
    """Whether it is a letter of the Latin alphabet with something on it, or such a mark."""
    name = unicodedata.name(character, "")
    return _is_mark(character) or name.startswith(("LATIN SMALL LETTER", "LATIN CAPITAL LETTER"))
