"""Vocabularies of parts of words, trained by the `tokenizers` library so that every process gets the same one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from pellucid.data.text_long import RUN, chunks
from pellucid.data.vocabulary import CONTINUES, FIRST, WORDS, byte_letters
from pellucid.errors import Place, RecipeError

LONGEST_WORD = 64
"""Bytes of a word that are cut together; longer runs without a blank are cut before."""
HELD = 4 * 2**20
"""Bytes of different words that are learnt from; the library takes about 130 times as much memory for them."""


def trained(texts: Iterable[str], method: Literal["bpe", "wordpiece"], size: int) -> dict[str, Any]:
    """The document of a tokenizer over bytes with at most `size` codes, those of no text among them.

    Raises: RecipeError where the library is not installed.
    """
    try:
        from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
    except ImportError:
        message = "parts of words need the package tokenizers"
        hint = "pip install pellucid[text], or data.tokenizer: byte"
        raise RecipeError("RECIPE-FIT", message, place=Place(path="data.tokenizer"), hint=hint) from None
    letters = sorted(byte_letters())
    options: dict[str, Any] = {"vocab_size": size - FIRST, "show_progress": False, "initial_alphabet": letters}
    if method == "bpe":
        model, trainer = models.BPE(), trainers.BpeTrainer(**options)
    else:
        # The bytes that go on with a word are given as special tokens: so each has a code, whether seen or not, and the
        # codes, by which the library breaks ties, are the same in every process.
        going_on = [CONTINUES + letter for letter in letters]
        options |= {"continuing_subword_prefix": CONTINUES, "special_tokens": going_on}
        model = models.WordPiece(max_input_chars_per_word=LONGEST_WORD, continuing_subword_prefix=CONTINUES)
        trainer = trainers.WordPieceTrainer(**options)
    library = Tokenizer(model)
    library.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split("\n", "merged_with_previous"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
            pre_tokenizers.Split(Regex(f".{{1,{LONGEST_WORD}}}"), "isolated"),
        ]
    )
    library.train_from_iterator(_lines(texts), trainer)
    document = json.loads(library.to_str())
    document["added_tokens"] = []  # they would be looked for in the text itself
    return document


def _lines(texts: Iterable[str]) -> Iterator[str]:
    """Lines, the longest of them in parts, until their words are all that can be held."""
    known: set[str] = set()
    held = 0
    for text in (run for whole in texts for run in chunks(whole, size=RUN)):
        start = 0
        while start < len(text):
            end = text.find("\n", start) + 1 or len(text)
            yield text[start:end]
            start = end
        new = set(WORDS.split(text)) - known
        held += len("".join(new).encode())
        if held > HELD:
            return
        known |= new
