"""The page of the checks says all of every check, in words that it explains."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from pellucid.doctor.catalogue import KINDS
from pellucid.doctor.check import CAUSES, Check
from pellucid.parts import load_kind

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
BODY, _, WORDS = PAGE.partition("## Glossary\n")
GLOSSARY = re.findall(r"^\| ([^|]+?) \| [^|]+ \|$", WORDS, re.MULTILINE)[1:]
PARTS = ("Seen", "Why it harms", "What to do", "When it is wrong", "Source")
JARGON = (
    "activation", "batch norm", "broadcast", "clip", "correlat", "dropout", "epoch", "frozen", "gradient",
    "half precision", "He's rule", "learning rate", "logit", "momentum", "mutual information", "NaN", "norm",
    "optimizer", "overfit", "padding", "raw score", "residual", "saturat", "scaler", "schedule", "sigmoid",
    "softmax", "variance", "warm-up", "weight decay", "entropy", "latent", "hessian", "perplexity",
    "hyperparameter",
)  # fmt: skip
"""Words that nobody knows in their first week."""


def sections() -> dict[str, str]:
    """Kind -> what the page says of it."""
    parts = re.split(r"^### `([a-z-]+)`\n", BODY, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_check_has_its_section_and_no_other_has() -> None:
    assert sorted(sections()) == sorted(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_section_says_all(kind: str) -> None:
    said = " ".join(sections()[kind].split())
    meaning = " ".join((inspect.getdoc(load_kind(Check, kind)) or "").split("\n\n")[0].split())
    assert said.startswith(meaning), "the page and the docstring say the same"
    assert [part for part in PARTS if f"- **{part}.** " not in said] == []
    assert load_kind(Check, kind).cause in CAUSES


def test_checks_that_wait_for_harm_say_so() -> None:
    waiting = [kind for kind in KINDS if load_kind(Check, kind).gate == "harm"]
    assert [kind for kind in waiting if "does badly" not in " ".join(sections()[kind].split())] == []
    notes = [kind for kind in KINDS if load_kind(Check, kind).gate == "information"]
    assert [kind for kind in notes if not re.search("[Aa] note|noted", sections()[kind])] == []


def test_every_word_of_the_glossary_is_used() -> None:
    assert sorted(GLOSSARY, key=str.lower) == GLOSSARY and len(GLOSSARY) > 20
    assert [word for word in GLOSSARY if word.lower() not in " ".join(BODY.lower().split())] == []


def test_no_word_of_the_trade_without_its_line() -> None:
    explained = " ".join(GLOSSARY).lower() + " " + WORDS.lower()
    sources = (ROOT / "src" / "pellucid" / "doctor" / "checks").glob("*.py")
    said = " ".join(
        text for file in sources for text in re.findall(r'"[^"\n]*"', file.read_text(encoding="utf-8"))
    ).lower()
    used = [word for word in JARGON if word.lower() in said + BODY.lower()]
    assert [word for word in used if word.lower() not in explained] == []


def test_what_a_check_explains_is_a_check() -> None:
    for kind in KINDS:
        assert load_kind(Check, kind).explains <= KINDS.keys(), kind
