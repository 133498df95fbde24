"""New texts against the signature a model was trained on: refused by name, or taken with what was noticed counted."""

from __future__ import annotations

from dataclasses import replace

from pellucid.data import text_findings
from pellucid.data.new_rows import require_target
from pellucid.data.signature import Signature
from pellucid.data.text_conll import of_sentences
from pellucid.data.text_prepare import coded, strange
from pellucid.data.text_raw import TEXT, TextRaw
from pellucid.data.vocabulary import WordVocabulary, split, vocabulary
from pellucid.errors import DataError, SchemaError, nearest, quote


def as_schema_error(fault: DataError) -> SchemaError:
    """The same fault, of data that was given for prediction."""
    return SchemaError(fault.code, fault.message, place=fault.place, hint=fault.hint)


def fitted(raw: TextRaw, signature: Signature) -> TextRaw:
    """`raw` as texts of the kind that the model knows, coded, with findings for what is unusual.

    Raises: SchemaError naming the column that is missing.
    """
    target = signature.target
    assert target is not None
    raw = replace(raw, text=_column(raw, signature), target=target.names)
    if target.kind == "next":
        raw = replace(raw, shape="documents")
        found = vocabulary(signature, "input")
        codes, texts = [found.codes(text) for text in raw.texts()], raw.texts()
        findings = text_findings.unknown(codes, lambda row: found.unknown(texts[row]), raw.text, severity="warning")
        return replace(raw, findings=tuple(findings))
    if target.kind == "steps" and raw.shape != "tagged":
        known = vocabulary(signature, "input")
        signs = not isinstance(known, WordVocabulary) or known.signs
        words = [split(text, signs=signs) or ["-"] for text in raw.texts()]
        raw = replace(of_sentences(words, None, target.names[0]), findings=raw.findings)
    into = target.names[0] if target.kind == "sentence" and target.names[0] in raw.table.names else ""
    raw = replace(raw, shape="tagged" if target.kind == "steps" else "rows", into=into)
    raw = replace(raw, coded=coded(raw, signature))
    length = signature.length - (target.kind == "sentence")
    findings = [
        *text_findings.empty(raw),
        *text_findings.cut(raw.coded[0], length, raw.place, raw.text, new=True),
        *text_findings.unknown(raw.coded[0], strange(raw, signature), raw.text, severity="warning"),
    ]
    return replace(raw, findings=tuple(findings))


def require(raw: TextRaw, signature: Signature) -> TextRaw:
    """`raw`, of which every text has a target that the model knows.

    Raises: SchemaError with the place of the first one that is missing or unknown.
    """
    target = signature.target
    assert target is not None
    if target.kind == "next":
        return raw
    if target.kind == "steps":
        if not raw.labels:
            raise SchemaError("SCHEMA-TARGET", "the words have no labels", place=raw.place())
        for row, labels in enumerate(raw.labels):
            strange_label = next((label for label in labels if label not in target.classes), None)
            if strange_label is not None:
                message = f"the label {quote(strange_label)} is not one of {', '.join(target.classes[:10])}"
                raise SchemaError("SCHEMA-TARGET", message, place=raw.place(row))
        return raw
    if target.kind == "sentence":
        if not raw.into:
            message = f"the column {quote(target.names[0])} of sentences to compare with is missing"
            raise SchemaError("SCHEMA-MISSING", message, place=raw.place())
        return raw
    require_target(raw.table, signature)
    return raw


def _column(raw: TextRaw, signature: Signature) -> str:
    """The column of the texts: what the header calls so, or the only one of texts that have no header."""
    wanted = next(column.name for column in signature.columns if column.role == "input")
    if raw.shape != "rows" or raw.filed or raw.table.names == [TEXT] or wanted in raw.table.names:
        return wanted if wanted in raw.table.names else TEXT
    close = nearest(wanted, raw.table.names)
    hint = f"is it '{close}'? rename it" if close else f"the columns here are: {', '.join(raw.table.names[:20])}"
    message = f"column {quote(wanted)} is missing; the model reads its texts there"
    raise SchemaError("SCHEMA-MISSING", message, place=raw.place(), hint=hint)
