"""How well a language model knows its language: by position, passage by passage, and what it writes by itself.

N  rows    T  positions    a position whose target is -1 is not judged
"""

from __future__ import annotations

import math
from typing import Any

import torch

from pellucid import seeds
from pellucid.data.batch import Batch
from pellucid.data.vocabulary import PADDING, vocabulary
from pellucid.forms import UNJUDGED_STEP
from pellucid.metrics.metric import Prediction
from pellucid.network.assemble import Network
from pellucid.nn.sequence import SequenceTrunk
from pellucid.report.baselines import Baseline
from pellucid.report.evidence import Evidence
from pellucid.report.ngrams import NGrams
from pellucid.report.outcome import Outcome, rows_of
from pellucid.report.spelling import codes, shown
from pellucid.report.words import plain
from pellucid.tasks.writing import Sampling, sample

LEARNT = 4_000_000
"""Training tokens that baselines count."""
ORDERS = {1: "Unigram", 2: "Bigram", 3: "3-gram", 5: "5-gram"}
PASSAGES = 3
"""Passages of each kind,"""
LONGEST = 240
"""and tokens of one."""
TEMPERATURES = (0.5, 0.8, 1.0)
PROMPT, WRITTEN = 40, 240
"""Characters that are given, and that are written."""
FEWEST = 16
"""Judged tokens that a passage must have."""


def language_section(evidence: Evidence, valid: Outcome, test: Outcome) -> dict[str, Any]:
    """The part of a report about what follows."""
    spelling = vocabulary(evidence.signature, "input")
    judged_NT = test.truth != UNJUDGED_STEP
    bits_NT = torch.where(judged_NT, -_likelihood(test) / math.log(2), 0.0)
    character_NT = torch.where(judged_NT, torch.tensor(spelling.characters)[test.truth.clamp_min(0)], 0)
    return {
        "kind": "next",
        "tokens": int(judged_NT.sum()),
        "characters": int(character_NT.sum()),
        "by_position": _by_position(bits_NT, character_NT, judged_NT),
        "samples": _samples(evidence, test, characters=int(character_NT.sum()), tokens=int(judged_NT.sum())),
        "passages": _passages(evidence, test, bits_NT, judged_NT),
    }


def baselines(evidence: Evidence, train: Outcome, valid: Outcome, test: Outcome) -> list[Baseline]:
    """Models that count: each token alike, and n-grams of the training tokens."""
    known = evidence.dataset.train
    taken = known.part(0, max(1, LEARNT // test.truth.shape[1]))
    size = vocabulary(evidence.signature, "input").size
    model = NGrams(_stream(taken).flatten(), size, max(ORDERS))
    stream_NS = _stream(test.batch)
    found = [
        (probability.view_as(stream_NS)[:, 2:], said.view_as(stream_NS)[:, 2:])
        for probability, said in model.follow(stream_NS.flatten())
    ]
    even = (torch.full_like(found[0][0], 1 / size), torch.zeros_like(found[0][1]))
    few = f"counted in the first {len(taken):,} of {len(known):,} training rows, "
    counted = few if len(taken) < len(known) else ""
    notes = [("uniform", "Uniform", f"each of the {size:,} codes alike", even)]
    for order, title in ORDERS.items():
        before = {1: "no token", 2: "the token"}.get(order, f"the {order - 1} tokens")
        note = f"sees {before} before; {counted}modified Kneser-Ney"
        notes.append((title.lower(), title, note, found[order - 1]))
    everything = torch.arange(len(test))
    return [Baseline(name, title, note, _judged(test, *said), everything) for name, title, note, said in notes]


def _likelihood(outcome: Outcome) -> torch.Tensor:
    """The log of the probability of each target, at the positions of the truth."""
    assert outcome.prediction.likelihood_NT2 is not None
    return outcome.prediction.likelihood_NT2[:, : outcome.truth.shape[1], 0].double()


def _judged(test: Outcome, probability_NT: torch.Tensor, said_NT: torch.Tensor) -> Prediction:
    """Of a model that gives each target a probability and expects a token there."""
    judged_NT = test.truth != UNJUDGED_STEP
    log_NT = torch.where(judged_NT, probability_NT.clamp_min(1e-300).log(), 0.0)
    right_NT = (judged_NT & (said_NT == test.truth)).double()
    return Prediction(likelihood_NT2=torch.stack([log_NT, right_NT], 2), characters=test.prediction.characters)


def _stream(batch: Batch) -> torch.Tensor:
    """code_NS of a gap, the first token of each row, and what follows at every position: S = T + 2."""
    code_NT, target = codes(batch), batch.target
    assert code_NT is not None and target is not None
    target_NT = target.cpu()
    read_NT = torch.nn.functional.pad(code_NT[:, 1:], (0, 1), value=PADDING)
    next_NT = torch.where(target_NT != UNJUDGED_STEP, target_NT, torch.where(read_NT != PADDING, read_NT, -1))
    first_N2 = torch.stack([torch.full_like(code_NT[:, 0], -1), code_NT[:, 0]], 1)
    return torch.cat([first_N2.where(first_N2 != PADDING, -1), next_NT], 1)


def _samples(evidence: Evidence, test: Outcome, *, characters: int, tokens: int) -> list[dict[str, Any]]:
    """How the network goes on with the beginning of a test row; nothing where it cannot write."""
    network, code_NT = evidence.network, codes(test.batch)
    if not isinstance(network, Network) or not isinstance(network.trunk, SequenceTrunk) or code_NT is None:
        return []
    spelling = vocabulary(evidence.signature, "input")
    each = max(1.0, characters / max(tokens, 1))
    row = int(torch.randint(len(code_NT), (1,), generator=seeds.generator(evidence.seed, "report")))
    prompt = [code for code in code_NT[row, : max(1, round(PROMPT / each))].tolist() if code != PADDING]
    training, found = network.training, []
    network.eval()
    for temperature in TEMPERATURES:
        how = Sampling(temperature=temperature)
        drawn = list(sample(network, prompt, how, count=round(WRITTEN / each), seed=evidence.seed))
        whole = spelling.decode([*prompt, *drawn])
        begun = spelling.decode(prompt)
        found.append({"temperature": temperature, "prompt": begun, "text": whole.removeprefix(begun)})
    network.train(training)
    return found


def _by_position(
    bits_NT: torch.Tensor, character_NT: torch.Tensor, judged_NT: torch.Tensor
) -> list[dict[str, float | int | None]]:
    """Bits per character and per token at positions 1, 2, 3 to 4, 5 to 8 and so on."""
    found, low = [], 0
    while low < bits_NT.shape[1]:
        high = max(2 * low, low + 1)
        here = slice(low, high)
        bits, tokens = float(bits_NT[:, here].sum()), int(judged_NT[:, here].sum())
        characters = int(character_NT[:, here].sum())
        if tokens:
            per = {"character": plain(bits / characters) if characters else None, "token": plain(bits / tokens)}
            found.append({"low": low + 1, "high": min(high, bits_NT.shape[1]), "tokens": tokens, **per})
        low = high
    return found


def _passages(
    evidence: Evidence, test: Outcome, bits_NT: torch.Tensor, judged_NT: torch.Tensor
) -> dict[str, list[dict[str, Any]]]:
    """The rows that surprise the network most and least, with the bits of every token."""
    count_N = judged_NT.sum(1)
    mean_N = bits_NT.sum(1) / count_N.clamp_min(1)
    order = mean_N.argsort(stable=True)
    order = order[count_N[order] >= min(FEWEST, int(count_N.max()))]
    spelling, rows = vocabulary(evidence.signature, "input"), rows_of(test.batch)

    def passage(place: int) -> dict[str, Any]:
        at = judged_NT[place].nonzero().flatten()[:LONGEST]
        return {
            "row": rows[place],
            "mean": plain(float(mean_N[place])),
            "tokens": shown(spelling, test.truth[place, at].tolist()),
            "bits": [round(bits, 1) for bits in bits_NT[place, at].tolist()],
        }

    most, least = order.flip(0)[:PASSAGES].tolist(), order[:PASSAGES].tolist()
    return {"most": [passage(place) for place in most], "least": [passage(place) for place in least]}
