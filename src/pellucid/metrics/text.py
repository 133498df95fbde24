"""Scores of language models and of sentences that were written, each a function of sums over rows.

BLEU and chrF equal those of sacrebleu (Post 2018, arXiv:1804.08771) and run from 0 to 100, as is the custom.

N  rows    T  positions    a target of -1 is not judged
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import torch

from pellucid.forms import UNJUDGED_STEP
from pellucid.metrics.metric import Metric, Prediction, Sums, mean_of

WORDS = 4
"""Longest run of words that BLEU compares."""
CHARACTERS = 6
"""Longest run of characters that chrF compares."""
BETA = 2
"""How much more chrF minds what is missing than what is too much."""
ENTITIES = {"&quot;": '"', "&amp;": "&", "&lt;": "<", "&gt;": ">"}
SPACED = (
    (re.compile(r"([{-~\[-` -&(-+:-@/])"), r" \1 "),
    (re.compile(r"([^0-9])([.,])"), r"\1 \2 "),
    (re.compile(r"([.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
)
"""The rules of mteval-v13a: signs stand alone, but for full stops and commas inside of numbers."""


def words(text: str) -> list[str]:
    """The words and signs that BLEU compares, told apart as mteval-v13a does."""
    text = text.rstrip().replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for written, sign in ENTITIES.items():
        text = text.replace(written, sign)
    text = f" {text} "
    for sign, spaced in SPACED:
        text = sign.sub(spaced, text)
    return text.split()


def runs(units: Sequence[str], longest: int) -> list[Counter[tuple[str, ...]]]:
    """How often each run of 1, 2, ... `longest` units occurs."""
    return [Counter(zip(*(units[at:] for at in range(size)), strict=False)) for size in range(1, longest + 1)]


def bleu_counts(prediction: Prediction, target_NT: torch.Tensor) -> torch.Tensor:
    """count_N11: runs of 1 to 4 words that are right, those that were written, the words written and true, and 1."""
    rows = []
    for said, true in _spelt(prediction, target_NT):
        said_words, true_words = words(said), words(true)
        pairs = list(zip(runs(said_words, WORDS), runs(true_words, WORDS), strict=True))
        right, written = [(here & there).total() for here, there in pairs], [here.total() for here, _ in pairs]
        rows.append([*right, *written, len(said_words), len(true_words), 1])
    return torch.tensor(rows, dtype=torch.float64).view(-1, 2 * WORDS + 3)


def bleu(total_11: torch.Tensor) -> torch.Tensor:
    """Geometric mean of the shares of runs that are right, less for what is too short; 0 to 100.

    Papineni et al. 2002 (ACL); runs of which none is right count a half, a quarter, ... of one (Chen and Cherry 2014,
    method 3), as in mteval-v13a.
    """
    right, written, said, true, rows = total_11.split((WORDS, WORDS, 1, 1, 1), -1)
    missed = right == 0
    share = torch.where(missed, 0.5 ** missed.cumsum(-1), right) / written
    short = torch.exp((1 - true / said).clamp(max=0)).squeeze(-1)
    score = 100 * short * share.log().mean(-1).exp()
    score = torch.where((right > 0).any(-1) & (written > 0).all(-1), score, 0.0)
    return torch.where(rows.squeeze(-1) > 0, score, torch.nan)


def chrf_counts(prediction: Prediction, target_NT: torch.Tensor) -> torch.Tensor:
    """count_N19: runs of 1 to 6 characters, blanks left out, that were written, are true, and are right; then 1."""
    rows = []
    for said, true in _spelt(prediction, target_NT):
        pairs = zip(runs("".join(said.split()), CHARACTERS), runs("".join(true.split()), CHARACTERS), strict=True)
        found = [(here.total() if there else 0, there.total(), (here & there).total()) for here, there in pairs]
        rows.append([count for triple in found for count in triple] + [1])
    return torch.tensor(rows, dtype=torch.float64).view(-1, 3 * CHARACTERS + 1)


def chrf(total_19: torch.Tensor) -> torch.Tensor:
    """F2 of the mean precision and the mean recall of runs of characters (Popovic 2015, WMT); 0 to 100."""
    said, true, right = total_19[..., :-1].unflatten(-1, (CHARACTERS, 3)).unbind(-1)
    used = (said > 0) & (true > 0)
    orders = used.sum(-1).clamp_min(1)
    precision = torch.where(used, right / said, 0.0).sum(-1) / orders
    recall = torch.where(used, right / true, 0.0).sum(-1) / orders
    factor = BETA**2
    score = 100 * (1 + factor) * precision * recall / (factor * precision + recall)
    return torch.where(total_19[..., -1] > 0, torch.where(precision + recall > 0, score, 0.0), torch.nan)


def likelihoods(prediction: Prediction, target_NT: torch.Tensor) -> torch.Tensor:
    """sum_N4 over the judged tokens: minus the log of their probability, 1, whether they were expected, characters."""
    assert prediction.likelihood_NT2 is not None
    judged_NT = target_NT != UNJUDGED_STEP
    length_C = torch.tensor(prediction.characters, dtype=torch.int64)
    character_NT = torch.where(judged_NT, length_C[target_NT.clamp_min(0)], 0)
    sum_N2 = (prediction.likelihood_NT2 * judged_NT.unsqueeze(2)).sum(1, dtype=torch.float64)
    return torch.stack([-sum_N2[:, 0], judged_NT.sum(1), sum_N2[:, 1], character_NT.sum(1)], 1).double()


def token_counts(prediction: Prediction, target_NT: torch.Tensor) -> torch.Tensor:
    """count_N2: judged tokens that are right at their place, and judged tokens."""
    if prediction.likelihood_NT2 is not None:
        return likelihoods(prediction, target_NT)[:, [2, 1]]
    assert prediction.label is not None and prediction.label.shape == target_NT.shape
    judged_NT = target_NT != UNJUDGED_STEP
    return torch.stack([(judged_NT & (prediction.label == target_NT)).sum(1), judged_NT.sum(1)], 1).double()


def neighbour_sums(prediction: Prediction, target_NT: torch.Tensor) -> torch.Tensor:
    """sum_N2: minus the log of the probability of the tokens around each position, and how many they are."""
    assert prediction.likelihood_NT2 is not None
    return prediction.likelihood_NT2.sum(1, dtype=torch.float64) * torch.tensor([-1.0, 1.0])


def _spelt(prediction: Prediction, target_NT: torch.Tensor) -> zip[tuple[str, str]]:
    """(what was written, what is true) of each row."""
    assert prediction.spell is not None and prediction.label is not None
    return zip(prediction.spell(prediction.label), prediction.spell(target_NT), strict=True)


def _exact(prediction: Prediction, target_NT: torch.Tensor) -> torch.Tensor:
    equal = [said == true for said, true in _spelt(prediction, target_NT)]
    return torch.tensor(equal, dtype=torch.float64)


def _share(total_2: torch.Tensor) -> torch.Tensor:
    return total_2[..., 0] / total_2[..., 1]


_NEXT, _SENTENCE = frozenset({"next"}), frozenset({"sentence"})
_TOKEN = Sums(token_counts, _share)
_PERPLEXITY = Sums(likelihoods, lambda total_4: (total_4[..., 0] / total_4[..., 1]).exp())
_BITS = Sums(likelihoods, lambda total_4: total_4[..., 0] / math.log(2) / total_4[..., 3])
_BLEU, _CHRF, _EXACT = Sums(bleu_counts, bleu), Sums(chrf_counts, chrf), mean_of(_exact)
_AROUND = Sums(neighbour_sums, lambda total_2: _share(total_2).exp())

TOKEN_ACCURACY = Metric("token_accuracy", "higher", _NEXT | _SENTENCE, "token accuracy", _TOKEN.measure, _TOKEN)
PERPLEXITY = Metric("perplexity", "lower", _NEXT, "perplexity", _PERPLEXITY.measure, _PERPLEXITY)
BITS_PER_CHARACTER = Metric("bits_per_character", "lower", _NEXT, "bits per character", _BITS.measure, _BITS)
BLEU = Metric("bleu", "higher", _SENTENCE, "BLEU", _BLEU.measure, _BLEU)
CHRF = Metric("chrf", "higher", _SENTENCE, "chrF", _CHRF.measure, _CHRF)
EXACT_MATCH = Metric("exact_match", "higher", _SENTENCE, "exact match", _EXACT.measure, _EXACT)
NEIGHBOUR_PERPLEXITY = Metric(
    "neighbour_perplexity", "lower", frozenset({"neighbours"}), "perplexity of neighbours", _AROUND.measure, _AROUND
)
