"""Rules that every row must keep, a line each: `age >= 0`, `start <= end`, `total == a + b`, `state in {open, closed}`.

    rule     = side compare side | name ["not"] "in" "{" word, ... "}"
    compare  = "<" | "<=" | ">" | ">=" | "==" | "!="
    side     = term (("+" | "-" | "*" | "/") term)*, from left to right, * and / first
    term     = number | name | `name with blanks` | "text"

Nothing is evaluated as code. A row with a missing cell in a rule keeps it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pellucid.data import cells as grammar
from pellucid.data.columns import BadCells, values
from pellucid.data.signature import Column
from pellucid.data.table_raw import TableRaw
from pellucid.errors import DataError, did_you_mean, quote

if TYPE_CHECKING:
    import numpy as np

TOKEN = re.compile(
    r"""\s*(?:(?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[^\W\d][\w.]*)|`(?P<quoted>[^`]+)`"""
    r"""|"(?P<text>[^"]*)"|'(?P<text2>[^']*)'|(?P<sign><=|>=|==|!=|[<>+\-*/{},]))"""
)
TokenKind = Literal["number", "name", "text", "sign"]
KINDS: dict[str, TokenKind] = {
    "number": "number",
    "name": "name",
    "quoted": "name",
    "text": "text",
    "text2": "text",
    "sign": "sign",
}
"""Group of `TOKEN` -> kind of token."""
COMPARE = ("<", "<=", ">", ">=", "==", "!=")
LIKE = 1e-9
"""Relative difference up to which two numbers are equal."""


@dataclass(frozen=True)
class Token:
    """One word of a rule."""

    kind: TokenKind
    text: str


@dataclass(frozen=True)
class Rule:
    """A rule as read: two sides and what holds between them, or a column and its allowed words."""

    text: str
    left: tuple[Token, ...]
    compare: str
    right: tuple[Token, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it looks at."""
        sides = self.left if self.compare in ("in", "not in") else self.left + self.right
        return tuple(dict.fromkeys(token.text for token in sides if token.kind == "name"))


def parse(text: str) -> Rule:
    """The rule that a line says.

    Raises: ValueError saying what is expected where.
    """
    tokens = _tokens(text)
    words = [token.text if token.kind in ("sign", "name") else "" for token in tokens]
    if "in" in words:
        return _membership(text, tokens, words.index("in"))
    at = [place for place, token in enumerate(tokens) if token.kind == "sign" and token.text in COMPARE]
    if len(at) != 1:
        raise ValueError(f"the rule {quote(text)} needs exactly one of {' '.join(COMPARE)} or `in`")
    left, right = tokens[: at[0]], tokens[at[0] + 1 :]
    for side in (left, right):
        _check_side(text, side)
    return Rule(text, tuple(left), tokens[at[0]].text, tuple(right))


def broken(raw: TableRaw, rules: tuple[str, ...], columns: tuple[Column, ...]) -> list[BadCells]:
    """The rows that break a rule.

    Raises: DataError for an unknown column, or one whose type does not fit the rule.
    """
    import numpy as np

    found: list[BadCells] = []
    types = {column.name: column for column in columns}
    for rule in map(parse, rules):
        for name in rule.names:
            if name not in types:
                message = f"the rule {quote(rule.text)} names {quote(name)}, which is no column"
                hint = f"{did_you_mean(name, types)}; text is written in quotes"
                raise DataError("DATA-RULE", message, place=raw.place(), hint=hint)
        rows = np.flatnonzero(_breaks(raw, rule, types))
        if len(rows):
            first = int(rows[0])
            said = ", ".join(f"{name} = {raw.frame[name][first]}" for name in rule.names)
            message = f"the row breaks the rule {quote(rule.text)}: {quote(said)[1:-1]}"
            hint = "mend the row or the rule (data.rules); or data.on_bad_row: {skip: 0.01}"
            found.append(BadCells(rule.names[0], tuple(rows.tolist()), "DATA-RULE", message, hint))
    return found


def _tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while text[at:].strip():
        match = TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"the rule {quote(text)} cannot be read from {quote(text[at:].strip()[:20])}")
        at = match.end()
        group = match.lastgroup or ""
        tokens.append(Token(KINDS[group], match[group]))
    return tokens


def _check_side(text: str, side: list[Token]) -> None:
    expect_term = True
    for token in side:
        if expect_term and token == Token("sign", "-"):
            continue
        if expect_term == (token.kind == "sign"):
            raise ValueError(f"the rule {quote(text)}: {quote(token.text)} is not expected there")
        expect_term = not expect_term
    if expect_term:
        raise ValueError(f"the rule {quote(text)} lacks a number or a column")


def _membership(text: str, tokens: list[Token], at: int) -> Rule:
    negated = at == 2 and tokens[1].text == "not"
    inside = tokens[at + 2 : -1]
    opened = len(tokens) > at + 3 and tokens[at + 1].text == "{" and tokens[-1].text == "}"
    named = tokens[0].kind == "name" and at == 1 + negated
    if not (opened and named and all((token.text == ",") == (place % 2 == 1) for place, token in enumerate(inside))):
        raise ValueError(f"the rule {quote(text)} is not of the form: column in {{word, word}}")
    return Rule(text, (tokens[0],), "not in" if negated else "in", tuple(inside[::2]))


def _breaks(raw: TableRaw, rule: Rule, types: dict[str, Column]) -> np.ndarray:
    import numpy as np

    name = rule.left[0].text
    if rule.compare in ("in", "not in"):
        cells = raw.frame[name]
        inside = (
            grammar.whole(cells).is_in([token.text for token in rule.right]).fill_null(rule.compare == "in").to_numpy()
        )
        return ~inside if rule.compare == "in" else inside
    if any(token.kind == "text" for token in (*rule.left, *rule.right)) or _are_words(rule, types):
        return _text_breaks(raw, rule)
    left, right = (_side(raw, rule, side, types) for side in (rule.left, rule.right))
    size = np.maximum(1.0, np.maximum(np.abs(left), np.abs(right)))
    equal = np.abs(left - right) <= LIKE * size
    holds = {
        "==": equal,
        "!=": ~equal,
        "<": (left < right) & ~equal,
        "<=": (left < right) | equal,
        ">": (left > right) & ~equal,
        ">=": (left > right) | equal,
    }[rule.compare]
    return ~holds & ~np.isnan(left) & ~np.isnan(right)


def _are_words(rule: Rule, types: dict[str, Column]) -> bool:
    single = len(rule.left) == len(rule.right) == 1 and rule.left[0].kind == rule.right[0].kind == "name"
    return single and all(types[token.text].type in ("category", "text") for token in (*rule.left, *rule.right))


def _text_breaks(raw: TableRaw, rule: Rule) -> np.ndarray:
    """Text is only compared for being the same."""
    import numpy as np

    if rule.compare not in ("==", "!=") or len(rule.left) != 1 or len(rule.right) != 1:
        message = f"the rule {quote(rule.text)} compares text: only == and != of one column with one text or column do"
        raise DataError("DATA-RULE", message, place=raw.place())
    sides = [
        raw.frame[token.text].to_list() if token.kind == "name" else [token.text] * raw.rows
        for token in (rule.left[0], rule.right[0])
    ]
    pairs = zip(*sides, strict=True)
    wanted = rule.compare == "=="
    return np.array([None not in pair and (pair[0] == pair[1]) != wanted for pair in pairs], bool)


def _side(raw: TableRaw, rule: Rule, side: tuple[Token, ...], types: dict[str, Column]) -> np.ndarray:
    """The numbers of one side: products first, then sums, from left to right."""
    import numpy as np

    total, product = np.zeros(raw.rows), np.ones(raw.rows)
    sign, divide, fresh = 1.0, False, True
    for token in side:
        if token.kind == "sign":
            if token.text in "*/":
                divide = token.text == "/"
            elif fresh:
                sign = -sign
            else:
                total, product = total + sign * product, np.ones(raw.rows)
                sign, divide = (-1.0 if token.text == "-" else 1.0), False
            fresh = True
            continue
        value = _term(raw, rule, token, types)
        with np.errstate(divide="ignore", invalid="ignore"):
            product = product / value if divide else product * value
        divide = fresh = False
    return total + sign * product


def _term(raw: TableRaw, rule: Rule, token: Token, types: dict[str, Column]) -> np.ndarray:
    import numpy as np

    if token.kind == "number":
        return np.full(raw.rows, float(token.text))
    column = types[token.text]
    if column.type not in ("number", "date", "boolean"):
        message = f'the rule {quote(rule.text)} counts with "{column.name}", which is {column.type}'
        raise DataError("DATA-RULE", message, place=raw.place(), hint="text is written in quotes")
    return values(raw.frame[column.name], column.type)
