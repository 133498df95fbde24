"""From texts to a data set: split first, then vocabularies and lengths from the training part alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from pellucid import forms
from pellucid.data import text_findings, text_stream
from pellucid.data.augment import Augment
from pellucid.data.batch import Batch, Dataset
from pellucid.data.leaks import check_parts, shared_groups, shared_rows
from pellucid.data.signature import PARTS, Signature
from pellucid.data.source import Loaded
from pellucid.data.split import Split
from pellucid.data.splitting import ByFiles, Facts
from pellucid.data.targets import target_codes, target_values
from pellucid.data.text_long import Document, content
from pellucid.data.text_prepare import TextPreparation, coded, strange
from pellucid.data.text_stream import Piece
from pellucid.data.tokenizers import Bytes, Characters, Subwords, Tokenizer, Words
from pellucid.data.vocabulary import WORD, Vocabulary
from pellucid.errors import DataError, Place, RecipeError, did_you_mean, quote
from pellucid.findings import Finding

if TYPE_CHECKING:
    from pellucid.data.text_raw import TextRaw

WINDOW = 128
"""Tokens of a window of running text."""
LONGEST = 512
"""Tokens that are kept of a text where the recipe says nothing."""
NO_CUT = 64
"""Tokens up to which no text is cut."""
LARGE = 20_000_000
"""Characters of running text from which characters would make it too long."""
MANY_CHARACTERS = 1_000
"""Different characters from which bytes are fewer codes."""
MANY_PAIRS = 5_000
"""Pairs of sentences from which parts of words can be learnt."""
RUN_ON = 15
"""Characters of a word, on average, from which a language does not put blanks between its words."""


@dataclass(frozen=True)
class Asked:
    """What the recipe says about the preparation; None where it leaves it open."""

    tokenizer: Tokenizer | None
    length: int | None
    window: int | None
    augment: tuple[Augment, ...]


def row_hashes(raw: TextRaw) -> np.ndarray:
    """uint64: the hash of each text, whatever stands beside it."""
    hashed = [content(text) for text in raw.documents]
    return np.frombuffer(b"".join(hashed), "<u8").astype(np.uint64)


def load_rows(raw: TextRaw, signature: Signature, split: Split, seed: int, asked: Asked) -> Loaded:
    """Texts, tagged sentences or pairs as a data set."""
    target = signature.target
    assert target is not None
    facts = _by_files(_facts(raw, signature), split)
    part_N = split.assign(facts, seed)
    findings = [*check_parts(part_N, facts, target.classes, split), *shared_rows(facts.row_N, part_N)]
    findings += [
        found
        for column in signature.columns
        if column.role == "group"
        for found in shared_groups(column.name, facts.text(column.name), part_N)
    ]
    train = raw.take(part_N == 0)
    tokenizer, why = (asked.tokenizer, "") if asked.tokenizer else _tokenizer(train, target.kind)
    signature = _with_vocabularies(train, signature, tokenizer, why)
    codes = coded(raw, signature)
    kept = asked.length or _length(codes, part_N == 0, target.kind)
    length = kept + (target.kind == "sentence")  # a sentence has an end
    source, *_ = codes
    findings += text_findings.cut(source, kept, raw.place, raw.text)
    if raw.into:
        findings += text_findings.cut(codes[1], kept, raw.place, raw.into)
    findings += text_findings.unknown(source, strange(raw, signature), raw.text, severity="info")
    mean_D = scale_D = None
    if target.kind == "values":
        mean_D, scale_D = _standard(target_values(train.table, target))
    preparation = TextPreparation(length, length if raw.into else 0, mean_D, scale_D)
    whole = preparation.apply(replace(raw, coded=codes), signature)
    parts = [whole.take(torch.from_numpy(np.flatnonzero(part_N == code))) for code in range(3)]
    context = forms.sequence(1, length, causal=True) if raw.into else None
    form = forms.sequence(1, length, context=context)
    signature = signature.replace(length=length, findings=(*signature.findings, *findings))
    share = {name: int((part_N == code).sum()) for code, name in enumerate(PARTS)}
    chosen: dict[str, tuple[Any, str]] = {} if asked.tokenizer else {"tokenizer": (tokenizer, why)}
    if asked.length is None:
        chosen |= {"length": (kept, "the longest training text, or all but the longest twentieth")}
    return _loaded(parts, form, preparation, signature, share, asked, chosen)


def load_stream(raw: TextRaw, signature: Signature, split: Split, seed: int, asked: Asked) -> Loaded:
    """Running text as windows; no window has characters of two parts."""
    documents = raw.documents
    pieces = text_stream.pieces(documents, split)
    facts = _by_files(text_stream.facts(raw, documents, pieces), split)
    part_P = split.assign(facts, seed)
    findings = [*check_parts(part_P, facts, (), split)]
    train, *aside = (text_stream.runs(pieces, part_P, code) for code in range(3))
    judged = [text_stream.bounded(part, text_stream.JUDGED) for part in aside]
    tokenizer, why = (asked.tokenizer, "") if asked.tokenizer else _for_stream(documents, train)
    found = tokenizer.fit(text_stream.spread(documents, train, tokenizer.learnt))
    signature = signature.replace(
        vocabulary={"input": found.as_json()}, notes={**signature.notes, "tokenizer": _said(tokenizer, found, why)}
    )
    if raw.long:
        findings.append(text_findings.long(raw, train, tokenizer.learnt))
    findings += [
        text_findings.judged(name, part, kept)
        for name, part, kept in zip(PARTS[1:], aside, judged, strict=True)
        if kept != part
    ]
    held = [documents[run.document][run.start : run.stop] for part in judged for run in part]
    codes = [found.codes(text) for text in held]
    findings += text_findings.unknown(codes, lambda row: found.unknown(held[row]), raw.text, severity="info")
    streams = [text_stream.stream(documents, train, found, in_file=bool(raw.long))]
    streams += [text_stream.stream(documents, part, found) for part in judged]
    window = text_stream.window_for(streams, asked.window or WINDOW, Place(signature.source))
    if asked.window is not None and window < asked.window:
        message = f"a window has {window} tokens instead of {asked.window}: no more are in the shortest part."
        findings.append(Finding("window-cut", "warning", message, "data.window", {"tokens": window}))
    parts: list[Batch] = [streams[0].stored(window)]
    for part in streams[1:]:
        rows = sum(map(len, parts))
        parts.append(part.windows(window, first_row=rows) if part.pairs > 0 else parts[0].part(0, 0))
    form = forms.sequence(1, window, even=True, causal=True)
    signature = signature.replace(length=window, findings=(*signature.findings, *findings))
    share = {name: len(part) for name, part in zip(PARTS, parts, strict=True)}
    chosen: dict[str, tuple[Any, str]] = {} if asked.tokenizer else {"tokenizer": (tokenizer, why)}
    if asked.window is None:
        chosen |= {"window": (window, "the default, or what the shortest part has")}
    return _loaded(parts, form, TextPreparation(window), signature, share, asked, chosen)


def _loaded(
    parts: Sequence[Batch],
    form: forms.Form,
    preparation: TextPreparation,
    signature: Signature,
    share: dict[str, int],
    asked: Asked,
    chosen: dict[str, tuple[Any, str]],
) -> Loaded:
    from pellucid.data.vocabulary import vocabulary

    categories = tuple(vocabulary(signature, side).size for side in signature.vocabulary)
    train, valid, test = parts
    dataset = Dataset(train, valid, test, form, categories, preparation.scale, asked.augment)
    return Loaded(dataset, preparation, signature, share, chosen)


def _facts(raw: TextRaw, signature: Signature) -> Facts:
    """What a split may look at: the text, the class, and the other columns."""
    target, table = signature.target, raw.table
    assert target is not None
    class_N = target_codes(table.frame[target.names[0]], target) if target.kind == "classes" else None

    def number(name: str) -> np.ndarray:
        from pellucid.data.columns import values

        kind = {column.name: column.type for column in signature.columns}.get(name)
        cells = table.column(name)
        if kind not in ("number", "date"):
            message = f"column {quote(name)} holds neither numbers nor dates; it orders nothing"
            raise DataError("DATA-SPLIT", message, place=raw.place(), hint=did_you_mean(name, table.names))
        return values(cells, kind)

    order_N = table.file_N
    return Facts(
        row_hashes(raw), class_N, lambda name: table.column(name).to_numpy(), number, order_N, signature.source
    )


def _by_files(facts: Facts, split: Split) -> Facts:
    """With the second file as the test part, where there is none to choose by."""
    if facts.file_N is None or not isinstance(split, ByFiles) or split.valid is not None:
        return facts
    return replace(facts, file_N=2 * facts.file_N)


def _tokenizer(train: TextRaw, kind: str) -> tuple[Tokenizer, str]:
    """The tokenizer where the recipe names none, and why."""
    if kind == "steps":
        return Words(lower=False), "labels belong to words; capitals tell names"
    texts = train.texts()
    characters, words = sum(map(len, texts)), sum(len(WORD.findall(text)) for text in texts)
    if characters > RUN_ON * max(words, 1):
        return Characters(), f"{characters / max(words, 1):.0f} characters without a blank: there are no words to tell"
    if kind != "sentence":
        return Words(), "a text is told by its words"
    if train.rows >= MANY_PAIRS and find_spec("tokenizers"):
        return Subwords(), f"{train.rows:,} pairs: rare words are written from their parts"
    return Words(lower=False, least=1), f"{train.rows:,} pairs: too few to learn parts of words"


def _for_stream(documents: Sequence[Document], train: Sequence[Piece]) -> tuple[Tokenizer, str]:
    characters = sum(piece.stop - piece.start for piece in train)
    if characters >= LARGE:
        if find_spec("tokenizers"):
            return Subwords(), f"{characters:,} characters are too long a text, parts of words are not"
        return Bytes(), f"{characters:,} characters, and the package tokenizers is not installed"
    found: set[str] = set()
    for text in text_stream.spread(documents, train):
        found.update(text)
    if len(found) > MANY_CHARACTERS:
        return Bytes(), f"{len(found):,} different characters are too many codes"
    return Characters(), f"{characters:,} characters, {len(found)} different ones: small enough to learn one by one"


def _with_vocabularies(train: TextRaw, signature: Signature, tokenizer: Tokenizer, why: str) -> Signature:
    """The signature with what the tokenizer found in the train texts.

    Raises: RecipeError where words have labels and the tokenizer knows no words.
    """
    if train.shape == "tagged":
        if not isinstance(tokenizer, Words):
            message = f"{tokenizer.dump()['kind']} does not go with labels of words"
            raise RecipeError("RECIPE-FIT", message, place=Place(path="data.tokenizer"), hint="data.tokenizer: word")
        found: Vocabulary = tokenizer.fit_words(train.words)
    else:
        found = tokenizer.fit(train.texts())
    made = {"input": found.as_json()}
    if train.into:
        made["target"] = tokenizer.fit(train.texts(train.into)).as_json()
    return signature.replace(vocabulary=made, notes={**signature.notes, "tokenizer": _said(tokenizer, found, why)})


def _said(tokenizer: Tokenizer, found: Vocabulary, why: str) -> str:
    return f"{tokenizer.dump()['kind']}, {found.size:,} codes" + (f": {why}" if why else "")


def _length(codes: tuple[Sequence[np.ndarray], ...], train_N: np.ndarray, kind: str) -> int:
    """Tokens that are kept of each text: of all training texts, or of all but the longest twentieth of them."""
    length_N = np.array([max(map(len, row)) for row in zip(*codes, strict=True)])[train_N]
    longest = int(length_N.max())
    if kind in ("steps", "sentence") or longest <= NO_CUT:
        return min(longest, LONGEST)
    return int(min(max(np.quantile(length_N, 0.95, method="higher"), NO_CUT), LONGEST))


def _standard(value_ND: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation; what does not vary gets the scale 1."""
    mean_D, scale_D = value_ND.mean(0), value_ND.std(0)
    return mean_D, np.where(scale_D > 1e-12 * np.maximum(np.abs(mean_D), 1e-300), scale_D, 1.0)
