"""The tokenizers: what a text is cut into, and which of the pieces get a code of their own."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Le

from pellucid.parts import Part

if TYPE_CHECKING:
    from pellucid.data.vocabulary import Vocabulary, WordVocabulary

Count = Annotated[int, Ge(1)]


class Tokenizer(Part):
    """A rule that cuts text into tokens; the codes of the tokens are fitted on the training part only."""

    catalogue: ClassVar = "pellucid.data.catalogue_tokenizers"
    learnt: ClassVar[int | None] = 32 * 2**20
    """Characters of running text that are learnt from, at most; None: all."""

    @abstractmethod
    def fit(self, texts: Iterable[str]) -> Vocabulary:
        """The vocabulary of some texts."""


class Bytes(Tokenizer):
    """The bytes of UTF-8: 256 of them, so nothing is ever unknown, and sequences are longest."""

    kind: Literal["byte"] = "byte"
    learnt: ClassVar = None

    def fit(self, texts: Iterable[str]) -> Vocabulary:
        """Nothing is to be fitted."""
        from pellucid.data.vocabulary import ByteVocabulary

        return ByteVocabulary()


class Characters(Tokenizer):
    """The characters that the training part has, which small language models learn best."""

    kind: Literal["character"] = "character"
    learnt: ClassVar = None
    least: Count = 1
    """How often a character must be there to have a code of its own."""

    def fit(self, texts: Iterable[str]) -> Vocabulary:
        """Characters in the order of their numbers."""
        import numpy as np

        from pellucid.data.vocabulary import CharacterVocabulary, points

        count_C = np.zeros(0x110000, np.int64)
        for text in texts:
            found_C = np.bincount(points(text))
            count_C[: len(found_C)] += found_C
        return CharacterVocabulary("".join(map(chr, np.flatnonzero(count_C >= self.least).tolist())))


class Words(Tokenizer):
    """Words and signs of punctuation, or whatever stands between blanks; what is rare is unknown."""

    kind: Literal["word"] = "word"
    lower: bool = True
    """Whether capitals are read as small letters."""
    signs: bool = True
    """Whether signs of punctuation are tokens of their own; if not, blanks alone split: `C4:1` stays whole."""
    least: Count = 2
    """How often a word must be there to have a code of its own."""
    size: Annotated[int, Ge(16), Le(10**6)] = 20_000
    """Words that have a code at most, the more frequent ones."""

    def fit(self, texts: Iterable[str]) -> WordVocabulary:
        """Words, the most frequent first."""
        from pellucid.data.vocabulary import split

        return self.fit_words(split(text, signs=self.signs) for text in texts)

    def fit_words(self, sentences: Iterable[Iterable[str]]) -> WordVocabulary:
        """The vocabulary of words that somebody else told apart."""
        from pellucid.data.vocabulary import WordVocabulary

        counted: Counter[str] = Counter()
        for words in sentences:
            counted.update(word.lower() for word in words) if self.lower else counted.update(words)
        known = sorted((-count, word) for word, count in counted.items() if count >= self.least)
        return WordVocabulary([word for _, word in known[: self.size]], lower=self.lower, signs=self.signs)


class Subwords(Tokenizer):
    """Parts of words over bytes, trained by the library `tokenizers`: few codes, short sequences, nothing unknown."""

    kind: Literal["subword"] = "subword"
    reference: ClassVar = "Sennrich et al. 2016, arXiv:1508.07909; Radford et al. 2019 for bytes"
    method: Literal["bpe", "wordpiece"] = "bpe"
    """How parts are chosen and words are cut: by merges in their order, or by the longest part that fits."""
    size: Annotated[int, Ge(600), Le(10**6)] = 8_000
    """Codes at most, those of the bytes among them."""

    def fit(self, texts: Iterable[str]) -> Vocabulary:
        """Raises: RecipeError where the library is not installed."""
        from pellucid.data.subwords import trained
        from pellucid.data.vocabulary import SubwordVocabulary

        return SubwordVocabulary(trained(texts, self.method, self.size))
