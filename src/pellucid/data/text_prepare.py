"""The preparation of texts: codes of one length, and what is to be learnt beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from pellucid.data.batch import Batch, Scale
from pellucid.data.signature import Signature, Target
from pellucid.data.source import Raw
from pellucid.data.targets import target_codes, target_values
from pellucid.data.text_raw import TextRaw
from pellucid.data.text_stream import Piece, stream
from pellucid.data.vocabulary import BEGIN, END, PADDING, UNKNOWN, Vocabulary, WordVocabulary, vocabulary
from pellucid.errors import ArtifactError
from pellucid.forms import UNJUDGED_STEP, Paired, Tokens


@dataclass(frozen=True)
class TextPreparation:
    """How long sequences are, and how values were standardised; the vocabularies are in the signature."""

    length: int
    """Tokens of a text at most."""
    reply: int = 0
    """Tokens of a sentence to write at most, its end among them."""
    mean_D: np.ndarray | None = None
    scale_D: np.ndarray | None = None

    @property
    def scale(self) -> Scale | None:
        """How target values were standardised; None where the target is not values."""
        if self.mean_D is None or self.scale_D is None:
            return None
        return Scale(torch.from_numpy(self.mean_D.copy()), torch.from_numpy(self.scale_D.copy()))

    def apply(self, raw: Raw, signature: Signature) -> Batch:
        """Tokens code_BT of every text, and the target where there is one; of running text, its windows."""
        assert isinstance(raw, TextRaw) and signature.target is not None
        target = signature.target
        if target.kind == "next":
            documents = raw.texts()
            whole = [Piece(place, 0, len(text)) for place, text in enumerate(documents)]
            return stream(documents, whole, vocabulary(signature, "input")).windows(self.length)
        codes, *others = raw.coded or coded(raw, signature)
        row_B = torch.arange(raw.rows)
        if target.kind == "sentence":
            return self._pairs(codes, others[0] if others else None, row_B)
        code_BT = _padded([code_N[: self.length] for code_N in codes], PADDING)
        if target.kind == "steps":
            return Batch(Tokens(code_BT), self._labels(raw, target, code_BT.shape[1]), None, row_B)
        return Batch(Tokens(code_BT), self._target(raw, target), None, row_B)

    def arrays(self) -> dict[str, np.ndarray]:
        """Lengths, and the mean and scale of values."""
        found = {"length": np.array([self.length, self.reply], np.int64)}
        if self.mean_D is not None and self.scale_D is not None:
            found |= {"target.mean": self.mean_D, "target.scale": self.scale_D}
        return found

    def names(self) -> Sequence[str]:
        """None: texts have no named inputs."""
        return ()

    def _pairs(self, sources: Sequence[np.ndarray], replies: Sequence[np.ndarray] | None, row_B: torch.Tensor) -> Batch:
        """The source ended by END, the reply behind BEGIN, and the reply itself ended by END, which is to be written.

        A reply that is cut does not end, so nobody learns to stop in the middle.
        """
        source_BT = _padded([np.append(code_N[: self.length - 1], END) for code_N in sources], PADDING)
        if replies is None:
            return Batch(Paired(Tokens(source_BT), Tokens(torch.full((len(sources), 1), BEGIN))), None, None, row_B)
        written = [np.append(code_N, END)[: self.reply] for code_N in replies]
        prefix_BU = _padded([np.append(BEGIN, code_N[:-1]) for code_N in written], PADDING, self.reply)
        target_BU = _padded(written, UNJUDGED_STEP, self.reply)
        return Batch(Paired(Tokens(source_BT), Tokens(prefix_BU)), target_BU, None, row_B)

    def _labels(self, raw: TextRaw, target: Target, width: int) -> torch.Tensor | None:
        """int64 target_BT; None where there are no labels, or one that is not known."""
        code = {name: place for place, name in enumerate(target.classes)}
        if not raw.labels or any(label not in code for row in raw.labels for label in row):
            return None
        labels = [np.array([code[label] for label in row[: self.length]]) for row in raw.labels]
        return _padded(labels, UNJUDGED_STEP, width)

    def _target(self, raw: TextRaw, target: Target) -> torch.Tensor | None:
        """Class codes, labels or standardised values; None where they are missing or not known."""
        if any(name not in raw.table.names for name in target.names):
            return None
        if target.kind == "classes":
            code_N = target_codes(raw.table.frame[target.names[0]], target)
            return None if (code_N < 0).any() else torch.from_numpy(code_N)
        value_ND = target_values(raw.table, target)
        if np.isnan(value_ND).any():
            return None
        if self.mean_D is not None:
            value_ND = (value_ND - self.mean_D) / self.scale_D
        return torch.from_numpy(value_ND.astype(np.float32))


def restore(arrays: Mapping[str, np.ndarray]) -> TextPreparation:
    """The preparation that `arrays` was saved from.

    Raises: ArtifactError where it holds no lengths.
    """
    length = arrays.get("length")
    if length is None or length.shape != (2,) or length[0] < 1:
        raise ArtifactError("FILE-PREPARE", "the fitted preparation does not say how long sequences are")
    mean_D, scale_D = arrays.get("target.mean"), arrays.get("target.scale")
    return TextPreparation(int(length[0]), int(length[1]), mean_D, scale_D)


def coded(raw: TextRaw, signature: Signature) -> tuple[Sequence[np.ndarray], ...]:
    """The codes of every text, and of the sentences to write where they are there; an empty text is one UNKNOWN."""
    found = vocabulary(signature, "input")
    if raw.shape == "tagged":
        assert isinstance(found, WordVocabulary)
        return ([found.codes_of(words) for words in raw.words],)
    codes = [_some(found, text) for text in raw.texts()]
    if raw.into:
        writes = vocabulary(signature, "target")
        return codes, [_some(writes, text) for text in raw.texts(raw.into)]
    return (codes,)


def strange(raw: TextRaw, signature: Signature) -> Callable[[int], list[str]]:
    """What tells the tokens of a row that have no code."""
    found = vocabulary(signature, "input")
    if raw.shape == "tagged":
        assert isinstance(found, WordVocabulary)
        return lambda row: found.unknown_of(raw.words[row])
    texts = raw.texts()
    return lambda row: found.unknown(texts[row])


def _some(found: Vocabulary, text: str) -> np.ndarray:
    code_N = found.codes(text)
    return code_N if len(code_N) else np.array([UNKNOWN])


def _padded(rows: Sequence[np.ndarray], filling: int, width: int = 0) -> torch.Tensor:
    """int64 (rows, the longest of them)."""
    width = max(width, max(map(len, rows), default=1))
    table = np.full((len(rows), width), filling, np.int64)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return torch.from_numpy(table)
