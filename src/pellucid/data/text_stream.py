"""Running text: cut into parts that share no character, and each part into windows of tokens.

A part is the pieces of documents that the split put into it, each beginning with BEGIN; a document that is in it whole
ends with END. Every token of the text is asked for once, from the tokens of its window before it. Tokens lie in memory,
or in a file where the text does, in the smallest integers that hold them; a batch is drawn from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view

from pellucid.data.batch import Batch
from pellucid.data.splitting import ByColumn, ByFiles, ByTime, Facts
from pellucid.data.stored import Records, Stored
from pellucid.data.text_columns import DOCUMENT, POSITION
from pellucid.data.text_long import RUN, Document, chunks, content
from pellucid.data.vocabulary import BEGIN, END, PADDING, Vocabulary
from pellucid.errors import DataError, Place, did_you_mean, quote
from pellucid.forms import UNJUDGED_STEP, Tokens

if TYPE_CHECKING:
    from pellucid.data.split import Split
    from pellucid.data.text_raw import TextRaw

BLOCKS = 100
"""Blocks into which the split by position cuts a document."""
SHORTEST = 8
"""Tokens of the shortest window."""
JUDGED = 2_000_000
"""Tokens by which the training part is judged, and characters by which the others are, at most."""
ROUNDS = 16
"""Times that what is learnt from goes over the text: who has enough after a few has seen all of it alike."""
VARIED = 10
"""Pieces at least, if there are so many, by which a part is judged that is too long."""


class Piece(NamedTuple):
    """Characters of one document."""

    document: int
    start: int
    stop: int


def pieces(documents: Sequence[Document], split: Split) -> list[Piece]:
    """What a split deals out: blocks of each document where it goes by position, else whole documents.

    Raises: DataError where there are too few documents.
    """
    if not (isinstance(split, ByTime) and split.column == POSITION):
        if len(documents) < 3 and not isinstance(split, ByColumn | ByFiles):
            message = f"{len(documents)} documents are too few to put whole ones into train, valid and test"
            hint = f"data.split: {{kind: by_time, column: {POSITION}}} sets the end of each aside"
            raise DataError("DATA-SPLIT", message, place=Place(path="data.split"), hint=hint)
        return [Piece(place, 0, len(text)) for place, text in enumerate(documents)]
    found: list[Piece] = []
    for place, text in enumerate(documents):
        count = max(1, min(BLOCKS, len(text)))
        edges = [block * len(text) // count for block in range(count + 1)]
        found += [Piece(place, start, stop) for start, stop in pairwise(edges)]
    return found


def facts(raw: TextRaw, documents: Sequence[Document], found: Sequence[Piece]) -> Facts:
    """What a split may look at: content, document, position, and the columns of a table of documents."""
    hashed = [content(documents[piece.document], piece.start, piece.stop) for piece in found]
    row_N = np.frombuffer(b"".join(hashed), "<u8")
    whose_N = np.array([piece.document for piece in found])

    def text(name: str) -> np.ndarray:
        if name == DOCUMENT:  # by content, so that copies of a document stay together
            return row_N.astype(str)
        if name not in raw.table.names:
            hint = did_you_mean(name, [DOCUMENT, POSITION, *raw.table.names])
            raise DataError("DATA-SPLIT", f"there is no column {quote(name)}", place=raw.place(), hint=hint)
        return raw.table.frame[name].to_numpy()[whose_N]

    def number(name: str) -> np.ndarray:
        if name != POSITION:
            message = f"running text is ordered by {quote(POSITION)} alone, not by {quote(name)}"
            raise DataError("DATA-SPLIT", message, place=raw.place())
        length_N = np.array([max(len(documents[piece.document]), 1) for piece in found])
        return np.array([piece.start for piece in found]) / length_N

    file_N = None if raw.table.file_N is None else raw.table.file_N[whose_N]
    return Facts(row_N, text=text, number=number, file_N=file_N, source=raw.place().file)


def runs(found: Sequence[Piece], part_P: np.ndarray, code: int) -> list[Piece]:
    """The pieces of one part, those that follow one another in a document as one."""
    joined: list[Piece] = []
    for piece, part in zip(found, part_P.tolist(), strict=True):
        if part != code:
            continue
        last = joined[-1] if joined else None
        if last is not None and last.document == piece.document and last.stop == piece.start:
            joined[-1] = last._replace(stop=piece.stop)
        else:
            joined.append(piece)
    return joined


def bounded(found: Sequence[Piece], most: int) -> list[Piece]:
    """At most so many characters of some pieces: of pieces all over them, as much of each."""
    total = sum(piece.stop - piece.start for piece in found)
    if total <= most:
        return list(found)
    kept = found[:: max(1, min(total // most, len(found) // VARIED))]
    share = most / sum(piece.stop - piece.start for piece in kept)
    return [piece._replace(stop=piece.start + int((piece.stop - piece.start) * min(share, 1.0))) for piece in kept]


def spread(documents: Sequence[Document], found: Sequence[Piece], most: int | None = None) -> Iterator[str]:
    """The characters of some pieces, or about `most` of them from all over the pieces, the first of them too."""
    total = sum(piece.stop - piece.start for piece in found)
    if most is None or total <= most:
        return (text for whose, start, stop in found for text in chunks(documents[whose], start, stop))
    parts = [
        (whose, start, min(start + RUN, stop)) for whose, first, stop in found for start in range(first, stop, RUN)
    ]
    places = np.linspace(0, len(parts) - 1, max(1, len(parts) * most // total)).astype(int).tolist()
    places = [place for first in range(ROUNDS) for place in places[first::ROUNDS]]
    return (text for place in places for text in chunks(documents[parts[place][0]], *parts[place][1:]))


@dataclass(frozen=True)
class Stream:
    """The tokens of a part, one after another: what windows are cut from."""

    count: int
    read: Callable[[int, int], np.ndarray]
    """(start, stop) -> those tokens."""

    @property
    def pairs(self) -> int:
        """Tokens that have one before them."""
        return self.count - 1

    def windows(self, length: int, *, first_row: int = 0) -> Batch:
        """All rows of `stored`, in memory."""
        stored = self.stored(length, first_row=first_row)
        return stored.part(0, len(stored))

    def stored(self, length: int, *, first_row: int = 0) -> Stored:
        """Tokens code_BT and the tokens that follow them, target_BT; windows lie side by side.

        The last window reaches back so that it is full, and judges only what no other did. A stream shorter than one
        window is padded.
        """
        whole, rest = divmod(self.pairs, length)
        rows = max(1, whole + (rest > 0))
        told = length - rest if whole and rest else 0
        kept = np.dtype([("row", np.int64), ("code", self.read(0, 0).dtype, (length + 1,))])

        def read(start: int, stop: int) -> np.ndarray:
            row_B = np.zeros(stop - start, kept)
            row_B["row"] = np.arange(start, stop)
            full = min(stop, whole)
            if start < full:
                code_N = self.read(start * length, full * length + 1)
                row_B["code"][: full - start] = sliding_window_view(code_N, length + 1)[::length]
            if max(start, whole) < stop:
                code_N = self.read(max(0, self.pairs - length), self.count)
                row_B["code"][-1, : len(code_N)] = code_N  # behind them is 0, which is PADDING
            return row_B

        def opened(row_B: np.ndarray) -> Batch:
            code_BS, number_B = torch.from_numpy(row_B["code"].astype(np.int64)), torch.from_numpy(row_B["row"].copy())
            code_BT, target_BT = code_BS[:, :-1], code_BS[:, 1:]
            target_BT = target_BT.masked_fill((target_BT == BEGIN) | (target_BT == PADDING), UNJUDGED_STEP)
            target_BT[number_B == rows - 1, :told] = UNJUDGED_STEP
            return Batch(Tokens(code_BT), target_BT, None, number_B + first_row)

        return Stored(rows, read, opened, judged=max(1, JUDGED // length))


def codes(documents: Sequence[Document], found: Sequence[Piece], vocabulary: Vocabulary) -> Iterator[np.ndarray]:
    """The tokens of some pieces, in the smallest integers that hold them."""
    dtype = np.min_scalar_type(vocabulary.size - 1)
    for whose, start, stop in found:
        document = documents[whose]
        yield np.array([BEGIN], dtype)
        for text in chunks(document, start, stop):
            yield vocabulary.codes(text).astype(dtype)
        if start == 0 and stop == len(document) and len(documents) > 1:
            yield np.array([END], dtype)


def stream(
    documents: Sequence[Document], found: Sequence[Piece], vocabulary: Vocabulary, *, in_file: bool = False
) -> Stream:
    """The tokens of some pieces, in memory or in a file."""
    if in_file:
        records = Records(np.min_scalar_type(vocabulary.size - 1))
        for code_N in codes(documents, found, vocabulary):
            records.append(code_N)
        return Stream(records.count, records.read)
    code_N = np.concatenate([*codes(documents, found, vocabulary)]) if found else np.array([BEGIN], np.uint8)
    return Stream(len(code_N), lambda start, stop: code_N[start:stop])


def window_for(streams: Sequence[Stream], asked: int, place: Place) -> int:
    """Tokens of a window: `asked`, or what the shortest part has.

    Raises: DataError for parts too short for any.
    """
    shortest = min((part.pairs for part in streams if part.pairs > 0), default=0)
    if shortest < SHORTEST:
        message = f"a part of the text has {shortest} tokens, and at least {SHORTEST} are needed"
        raise DataError("DATA-SPLIT", message, place=place, hint="more text helps")
    return min(asked, shortest)
