"""Running text: cut into parts that share no character, and each part into windows of tokens.

A part is the pieces of documents that the split put into it, each beginning with BEGIN; a document that is in it whole
ends with END. Every token of the text is asked for once, from the tokens of its window before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from pellucid.data.batch import Batch
from pellucid.data.splitting import ByColumn, ByFiles, ByTime, Facts
from pellucid.data.text_columns import DOCUMENT, POSITION
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


class Piece(NamedTuple):
    """Characters of one document."""

    document: int
    start: int
    stop: int


def pieces(documents: Sequence[str], split: Split) -> list[Piece]:
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


def facts(raw: TextRaw, documents: Sequence[str], found: Sequence[Piece]) -> Facts:
    """What a split may look at: content, document, position, and the columns of a table of documents."""
    content = [documents[piece.document][piece.start : piece.stop] for piece in found]
    row_N = np.frombuffer(b"".join(blake2b(text.encode(), digest_size=8).digest() for text in content), "<u8")
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


@dataclass
class Stream:
    """The tokens of a part, one after another: what windows are cut from."""

    code_N: torch.Tensor
    """int64."""

    @property
    def pairs(self) -> int:
        """Tokens that have one before them."""
        return len(self.code_N) - 1

    def windows(self, length: int, *, first_row: int = 0) -> Batch:
        """Tokens code_BT and the tokens that follow them, target_BT; windows lie side by side.

        The last window reaches back so that it is full, and judges only what no other did. A stream shorter than one
        window is padded.
        """
        code_N = torch.nn.functional.pad(self.code_N, (0, max(0, length - self.pairs)), value=PADDING)
        code_BT, target_BT = code_N[:-1].unfold(0, length, length), code_N[1:].unfold(0, length, length)
        rest = (len(code_N) - 1) % length
        if rest:
            code_BT = torch.cat([code_BT, code_N[None, -length - 1 : -1]])
            target_BT = torch.cat([target_BT, code_N[None, -length:]])
        target_BT = target_BT.masked_fill((target_BT == BEGIN) | (target_BT == PADDING), UNJUDGED_STEP)
        if rest:
            target_BT[-1, : length - rest] = UNJUDGED_STEP
        return Batch(Tokens(code_BT), target_BT, None, torch.arange(first_row, first_row + len(code_BT)))


def stream(documents: Sequence[str], found: Sequence[Piece], vocabulary: Vocabulary) -> Stream:
    """The tokens of some pieces."""
    codes: list[np.ndarray] = []
    for document, start, stop in found:
        text = documents[document]
        whole = start == 0 and stop == len(text) and len(documents) > 1
        codes += [np.array([BEGIN]), vocabulary.codes(text[start:stop]), np.array([END] if whole else [], np.int64)]
    code_N = np.concatenate(codes) if codes else np.array([BEGIN])
    return Stream(torch.from_numpy(code_N.astype(np.int64)))


def window_for(streams: Sequence[Stream], asked: int, place: Place) -> int:
    """Tokens of a window: `asked`, or what the shortest part has.

    Raises: DataError for parts too short for any.
    """
    shortest = min((part.pairs for part in streams if part.pairs > 0), default=0)
    if shortest < SHORTEST:
        message = f"a part of the text has {shortest} tokens, and at least {SHORTEST} are needed"
        raise DataError("DATA-SPLIT", message, place=place, hint="more text helps")
    return min(asked, shortest)
