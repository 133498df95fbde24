"""Running text token by token, each coloured by how much it surprised or by what it was taken for."""

from __future__ import annotations

from pellucid.errors import clean
from pellucid.report.words import number, safe

STRONGEST = 9
"""Strengths of colour: the classes h1 to h9 of the style sheet."""


def shown(token: str) -> str:
    """A token as it stands in running text; the end of a line shows and breaks it."""
    lines = token.split("\n")
    return "↵<br>".join(safe(clean(line)) if line.strip() else line.replace("\t", " ") for line in lines)


def surprise(tokens: list[str], bits: list[float], most: float = 10.0) -> str:
    """Tokens, the stronger coloured the more bits they cost; `most` bits are the strongest colour."""
    cells = []
    for token, cost in zip(tokens, bits, strict=True):
        strength = min(STRONGEST, round(STRONGEST * max(cost, 0.0) / most))
        look = f' class="h{strength}"' if strength else ""
        cells.append(f'<i{look} title="{number(cost)} bits">{shown(token)}</i>')
    return f'<div class="tokens">{"".join(cells)}</div>'


def labelled(tokens: list[str], truth: list[int], said: list[int], names: list[str], quiet: int) -> str:
    """Tokens over the colour of their class; where a class was missed, the true one is told.

    Class `quiet`, the most frequent one, has no colour; a code below 0 is not judged.
    """
    cells = []
    for token, true, code in zip(tokens, truth, said, strict=True):
        if true < 0:
            cells.append(f'<i class="soft">{shown(token)}</i>')
            continue
        colour = f' style="--c:var(--s{code % 10})"' if code != quiet else ""
        if true == code:
            cells.append(f'<i{" class=label" if colour else ""}{colour} title="{safe(names[code])}">{shown(token)}</i>')
            continue
        told = f"said {names[code]}, true {names[true]}"
        cells.append(
            f'<i class="label miss"{colour} title="{safe(told)}">{shown(token)}<small>said {safe(names[code])}, true '
            f"{safe(names[true])}</small></i> "
        )
    return f'<div class="tokens">{"".join(cells)}</div>'
