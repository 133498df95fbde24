"""Vocabularies: text as codes and codes as text, and the plain values in which a model keeps them.

Codes 0 to 3 stand for no text: padding, what is not known, and the begin and the end of a text; then come bytes,
characters, words or parts of words. A vocabulary is fitted once, on the training part, by a `Tokenizer`; afterwards
only its plain values count, so new text is read as the text was that the model learnt from.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.signature import Signature
from pellucid.errors import ArtifactError

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Library

PADDING, UNKNOWN, BEGIN, END = range(4)
SPECIAL = ("<padding>", "<unknown>", "<begin>", "<end>")
FIRST = len(SPECIAL)
"""The code of the first token that stands for text."""
WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
"""A word, with apostrophes inside it, or one sign of punctuation."""
CLOSING = re.compile(r" ([,.;:!?)\]}])")
CONTINUES = "\u2581"
"""Stands before a piece that goes on with a word; no byte of text is written so."""
WORDS = re.compile(r"(?= \S)|(?<=\n)")
"""Where the library cuts whatever stands around: before a blank and a letter, and behind a line."""
KNOWN = 2**17
"""Words that are looked up once,"""
LONG_WORD = 64
"""and characters of the longest of them."""


class Vocabulary(ABC):
    """Text as codes, and back."""

    pieces: list[str]
    """Each code as a person reads it."""
    characters: tuple[int, ...]
    """Characters of text that each code stands for: what a likelihood per character is measured in."""

    @property
    def size(self) -> int:
        """Codes, those of no text among them."""
        return len(self.pieces)

    @abstractmethod
    def codes(self, text: str) -> np.ndarray:
        """int64 codes of a text, without begin and end."""

    def encode(self, text: str) -> list[int]:
        """`codes` as a list."""
        return self.codes(text).tolist()

    @abstractmethod
    def decode(self, codes: Iterable[int]) -> str:
        """The text that codes stand for; those of no text are passed by, but what is not known is shown."""

    def unknown(self, text: str) -> list[str]:
        """The tokens of a text that have no code of their own."""
        return []

    @abstractmethod
    def as_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads."""


class ByteVocabulary(Vocabulary):
    """The 256 bytes of UTF-8: nothing is ever unknown."""

    def __init__(self) -> None:
        shown = [chr(byte) if 32 <= byte < 127 else f"<0x{byte:02X}>" for byte in range(256)]
        self.pieces = [*SPECIAL, *shown]
        self.characters = (0, 1, 0, 0, *(_characters(bytes([byte])) for byte in range(256)))

    def codes(self, text: str) -> np.ndarray:
        """One code for each byte."""
        return np.frombuffer(text.encode(), np.uint8).astype(np.int64) + FIRST

    def decode(self, codes: Iterable[int]) -> str:
        """The text; bytes that are no UTF-8 become the sign for that."""
        return bytes(code - FIRST for code in codes if code >= FIRST).decode("utf-8", "replace")

    def as_json(self) -> dict[str, Any]:
        """Nothing was fitted."""
        return {"kind": "byte"}


class CharacterVocabulary(Vocabulary):
    """The characters of the training part."""

    def __init__(self, symbols: str) -> None:
        self.symbols = symbols
        self.pieces = [*SPECIAL, *symbols]
        self.characters = (0, 1, 0, 0, *[1] * len(symbols))

    @cached_property
    def _code_of(self) -> np.ndarray:
        """int32: the code of each character there is."""
        table = np.full(0x110000, UNKNOWN, np.int32)
        table[points(self.symbols)] = np.arange(FIRST, self.size)
        return table

    def codes(self, text: str) -> np.ndarray:
        """One code for each character."""
        return self._code_of[points(text)].astype(np.int64)

    def decode(self, codes: Iterable[int]) -> str:
        """The text; the replacement character for what is not known."""
        return "".join("\ufffd" if code == UNKNOWN else self.pieces[code] for code in _shown(codes))

    def unknown(self, text: str) -> list[str]:
        """Characters that the training part did not have."""
        return [text[place] for place in np.flatnonzero(self.codes(text) == UNKNOWN).tolist()]

    def as_json(self) -> dict[str, Any]:
        """The characters in the order of their codes."""
        return {"kind": "character", "symbols": self.symbols}


class WordVocabulary(Vocabulary):
    """The more frequent words of the training part; signs of punctuation are words of their own, or parts of words."""

    def __init__(self, words: Sequence[str], *, lower: bool, signs: bool = True) -> None:
        self.lower, self.signs = lower, signs
        self.pieces = [*SPECIAL, *words]
        self.characters = (0, 1, 0, 0, *(len(word) + 1 for word in words))
        self._code_of = {word: code for code, word in enumerate(words, FIRST)}

    def codes(self, text: str) -> np.ndarray:
        """One code for each word."""
        return self.codes_of(split(text, signs=self.signs))

    def codes_of(self, words: Iterable[str]) -> np.ndarray:
        """int64 codes of words that somebody else told apart."""
        get = self._code_of.get
        return np.array([get(word.lower() if self.lower else word, UNKNOWN) for word in words], np.int64)

    def decode(self, codes: Iterable[int]) -> str:
        """The words with blanks between them, and none before a sign that was split off, such as a comma."""
        text = " ".join(self.pieces[code] for code in _shown(codes))
        return CLOSING.sub(r"\1", text) if self.signs else text

    def unknown(self, text: str) -> list[str]:
        """Words that have no code."""
        return self.unknown_of(split(text, signs=self.signs))

    def unknown_of(self, words: Sequence[str]) -> list[str]:
        """Those of some words that have no code."""
        return [words[place] for place in np.flatnonzero(self.codes_of(words) == UNKNOWN).tolist()]

    def as_json(self) -> dict[str, Any]:
        """The words in the order of their codes."""
        said = {} if self.signs else {"signs": False}
        return {"kind": "word", "lower": self.lower, **said, "words": self.pieces[FIRST:]}


class SubwordVocabulary(Vocabulary):
    """Parts of words over the bytes of UTF-8, as a document of the `tokenizers` library describes them."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        vocabulary: dict[str, int] = document["model"]["vocab"]
        written = sorted(vocabulary, key=vocabulary.__getitem__)
        self._bytes = [b"", b"\xef\xbf\xbd", b"", b"", *map(_bytes_of, written)]
        shown = [_piece(data) for data in self._bytes[FIRST:]]
        self.pieces = [*SPECIAL, *shown]
        self.characters = (0, 1, 0, 0, *map(_characters, self._bytes[FIRST:]))
        self._known: dict[str, np.ndarray] = {}

    @cached_property
    def _library(self) -> Library:
        try:
            from tokenizers import Tokenizer as Library
        except ImportError:
            message = "this vocabulary of parts of words needs the package tokenizers"
            raise ArtifactError("VERSION-FEATURE", message, hint="pip install pellucid[text]") from None
        return Library.from_str(json.dumps(self.document))

    def codes(self, text: str) -> np.ndarray:
        """The parts into which the library splits a text, by way of its words, most of which were met before."""
        words, known = WORDS.split(text), self._known
        if len(known) > KNOWN:
            known.clear()
        new = [word for word in dict.fromkeys(words) if word not in known]
        for word, found in zip(new, self._library.encode_batch_fast(new, add_special_tokens=False), strict=True):
            known[word] = np.array(found.ids, np.int64) + FIRST
        code_T = np.concatenate([known[word] for word in words])
        for word in new:
            if len(word) > LONG_WORD:
                del known[word]
        return code_T

    def decode(self, codes: Iterable[int]) -> str:
        """The text; bytes that are no UTF-8 become the sign for that."""
        return b"".join(self._bytes[code] for code in codes).decode("utf-8", "replace")

    def as_json(self) -> dict[str, Any]:
        """The library's own document."""
        return {"kind": "subword", "document": self.document}


def vocabulary(signature: Signature, side: str) -> Vocabulary:
    """The vocabulary of the `input`, or of the sentences to write (`target`); made once for each signature."""
    return _made(_Same(signature.vocabulary[side]))


def from_json(value: dict[str, Any]) -> Vocabulary:
    """The vocabulary that `as_json` gave.

    Raises: ArtifactError for values that describe none.
    """
    try:
        match value["kind"]:
            case "byte":
                return ByteVocabulary()
            case "character":
                return CharacterVocabulary(value["symbols"])
            case "word":
                return WordVocabulary(value["words"], lower=value["lower"], signs=value.get("signs", True))
            case "subword":
                return SubwordVocabulary(value["document"])
            case kind:
                raise ArtifactError("FILE-PREPARE", f"there is no vocabulary of kind {kind!r}")
    except (KeyError, TypeError, AttributeError) as fault:
        message = f"these are not the values of a vocabulary: {type(fault).__name__} {fault}"
        raise ArtifactError("FILE-PREPARE", message) from None


def split(text: str, *, signs: bool) -> list[str]:
    """The words of a text: with `signs` those of punctuation stand alone, without them only blanks split."""
    return WORD.findall(text) if signs else text.split()


class _Same:
    """A mapping that equals itself alone, so that a cache need not compare thousands of words."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value


@lru_cache(maxsize=8)
def _made(same: _Same) -> Vocabulary:
    return from_json(same.value)


def byte_letters() -> dict[str, int]:
    """The letters by which the library writes bytes (Radford et al. 2019: every byte as a letter one can see)."""
    seen = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {chr(byte): byte for byte in seen}
    unseen = [byte for byte in range(256) if byte not in seen]
    return letters | {chr(256 + place): byte for place, byte in enumerate(unseen)}


_LETTERS = byte_letters()


def _bytes_of(written: str) -> bytes:
    return bytes(_LETTERS[letter] for letter in written.removeprefix(CONTINUES))


def _piece(data: bytes) -> str:
    """Bytes as text where they are some, else as numbers."""
    text = data.decode("utf-8", "replace")
    return text if "\ufffd" not in text else "".join(f"<0x{byte:02X}>" for byte in data)


def _characters(data: bytes) -> int:
    """Characters of UTF-8 that begin in these bytes."""
    return sum(byte & 0xC0 != 0x80 for byte in data)


def points(text: str) -> np.ndarray:
    """uint32: the number of each character."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def _shown(codes: Iterable[int]) -> Iterator[int]:
    return (code for code in codes if code == UNKNOWN or code >= FIRST)
