"""Sentences whose every word has a label: CoNLL files, and JSON lines of tokens and labels."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from pellucid.data.encoding import decode
from pellucid.data.text_raw import LABEL, TEXT, TextRaw, of_columns
from pellucid.errors import DataError, Place, did_you_mean, quote

CONLLU = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
"""The ten columns of Universal Dependencies."""
TOKENS, LABELS = ("tokens", "words"), ("labels", "tags", "ner_tags", "pos_tags")
"""What the two lists of a JSON line may be called."""

Refuse = Callable[[DataError], None]
Sentence = tuple[int, list[str], list[str]]
"""Line, words and labels."""


def read_conll(
    data: bytes, path: str, target: str | None, refuse: Refuse, *, labelled: bool = True, suffix: str | None = None
) -> TextRaw:
    """Sentences of a CoNLL file: one word a line with its columns, a blank line between sentences.

    The label is the last column; of a CoNLL-U file the column `upos`, or that which `target` names. Without `labelled`
    a file of words alone will do; `suffix` says what it is where the path has none.
    Raises: DataError with the line; `refuse` decides about ragged sentences.
    """
    universal = (Path(path).suffix if suffix is None else suffix).lower() == ".conllu"
    tagged = _conllu(path, target) if universal else (0, -1)
    sentences: list[Sentence] = []
    width = 0
    for block in _blocks(decode(data, path), universal):
        width = width or len(block[0][1])
        if width <= max(tagged) or (labelled and width < 2):
            message = f"the line has {width} column{'s' * (width != 1)}; a word and its label are expected"
            raise DataError("DATA-TARGET", message, place=Place(path, block[0][0]))
        ragged = [(line, cells) for line, cells in block if len(cells) != width or not all(cells)]
        if ragged:
            line, cells = ragged[0]
            filled = sum(map(bool, cells))
            message = f"the line fills {filled} columns where there are {width}: {quote(' '.join(cells))}"
            hint = "columns are told apart by a tab, or by blanks where there is none"
            refuse(DataError("DATA-CSV-RAGGED", message, place=Place(path, line), hint=hint))
            continue
        labels = [cells[tagged[1]] for _, cells in block] if width > 1 else []
        sentences.append((block[0][0], [cells[tagged[0]] for _, cells in block], labels))
    return _tagged(sentences, path, sha256(data).hexdigest(), target or LABEL)


def read_token_lines(data: bytes, path: str, refuse: Refuse, *, labelled: bool = True) -> TextRaw:
    """Sentences of a JSON lines file: {"tokens": [...], "labels": [...]} on every line.

    Raises: DataError with the line; `refuse` decides about lines that cannot be used.
    """
    sentences: list[Sentence] = []
    name = LABEL
    for line, text in enumerate(decode(data, path).split("\n"), 1):
        if not text.strip():
            continue
        try:
            value = json.loads(text)
            tokens, labels, name = token_row(value, labelled=labelled)
        except (ValueError, RecursionError) as fault:
            said = f"is not JSON: {fault.msg.lower()}" if isinstance(fault, json.JSONDecodeError) else str(fault)
            refuse(DataError("DATA-JSON", said, place=Place(path, line)))
            continue
        sentences.append((line, tokens, labels))
    return _tagged(sentences, path, sha256(data).hexdigest(), name)


def token_row(value: Any, *, labelled: bool) -> tuple[list[str], list[str], str]:
    """Words, labels and the name of the labels in one object.

    Raises: ValueError saying what is wrong with it.
    """
    if not isinstance(value, dict):
        raise ValueError('a row is one object {"tokens": [...], "labels": [...]}')
    first = next((name for name in TOKENS if name in value), None)
    second = next((name for name in LABELS if name in value), None)
    if first is None or (second is None and labelled):
        raise ValueError(f"there are no {'tokens' if first is None else 'labels'}; its keys are {', '.join(value)}")
    tokens = _strings(value[first], first)
    labels = _strings(value[second], second) if second is not None else []
    if not tokens:
        raise ValueError("the sentence has no word")
    if second is not None and len(labels) != len(tokens):
        raise ValueError(f"{len(labels)} {second} stand beside {len(tokens)} {first}")
    return tokens, labels, second or LABEL


def of_sentences(tokens: Any, labels: Any, name: str) -> TextRaw:
    """Sentences in memory: lists of words, and lists of their labels, if any.

    Raises: DataError naming the row that does not fit.
    """
    sentences: list[Sentence] = []
    rows = list(tokens)
    labels = None if labels is None else list(labels)
    if labels is not None and len(labels) != len(rows):
        raise DataError("DATA-TARGET", f"{len(labels)} rows of labels stand beside {len(rows)} of words")
    for row, words in enumerate(rows):
        value = {"tokens": _listed(words)} | ({} if labels is None else {"labels": _listed(labels[row])})
        try:
            found, tags, _ = token_row(value, labelled=labels is not None)
        except ValueError as fault:
            raise DataError("DATA-TARGET", str(fault), place=Place(path=f"row {row + 1}")) from None
        sentences.append((row + 1, found, tags))
    return _tagged(sentences, "", "", name)


def _listed(value: Any) -> Any:
    return list(value) if not isinstance(value, str) else value


def _strings(value: Any, name: str) -> list[str]:
    if not isinstance(value, list):
        raise ValueError(f"{name} is a list of words, and {quote(str(value))} is none")
    for item in value:
        if isinstance(item, (dict, list)) or item is None or not str(item).strip():
            raise ValueError(f"{name} holds {quote(json.dumps(item))}, which is no word")
        if any("\ud800" <= char <= "\udfff" for char in str(item)):
            raise ValueError("half of a surrogate pair, which is no character")
    return [str(item) for item in value]


def _conllu(path: str, target: str | None) -> tuple[int, int]:
    name = (target or "upos").lower()
    if name not in CONLLU:
        message = f"a CoNLL-U file has no column {quote(name)}"
        raise DataError("DATA-COLUMN", message, place=Place(path), hint=did_you_mean(name, CONLLU))
    return 1, CONLLU.index(name)


def _blocks(text: str, universal: bool) -> Iterator[list[tuple[int, list[str]]]]:
    """The lines of each sentence, with their numbers, in columns."""
    block: list[tuple[int, list[str]]] = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.rstrip("\r")
        if line.startswith("-DOCSTART-") or (universal and line.startswith("#")):
            continue
        if not line.strip():
            if block:
                yield block
            block = []
            continue
        cells = line.split("\t") if "\t" in line else line.split()
        if universal and not cells[0].isdigit():  # 1-2 joins words that follow, 1.1 stands for a word left out
            continue
        block.append((number, cells))
    if block:
        yield block


def _tagged(sentences: list[Sentence], path: str, fingerprint: str, name: str) -> TextRaw:
    if not sentences:
        raise DataError("DATA-CSV-EMPTY", "there are no sentences", place=Place(path or None))
    lines, words, labels = (list(part) for part in zip(*sentences, strict=True))
    # A blank inside a word would make two sentences alike that are not.
    cells = {TEXT: [" ".join(row) for row in words], name: [" ".join(row) for row in labels]}
    where: dict[str, Any] = {"files": (path,), "fingerprint": fingerprint, "unit": "line"} if path else {}
    if not any(labels):
        del cells[name]
        labels = []
    table = of_columns(cells, line_N=lines, **where)
    return TextRaw("tagged", table, TEXT, target=(name,), words=words, labels=labels, why="it holds words with labels")
