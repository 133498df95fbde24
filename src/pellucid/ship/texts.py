"""What a model says of whole texts: how likely they are, what they are in another language, where they stand.

B  windows of a text    T  positions    D  numbers that stand for a word
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from pellucid.data.batch import Batch
from pellucid.data.text_raw import FILE, TextRaw
from pellucid.data.vocabulary import FIRST, vocabulary
from pellucid.forms import UNJUDGED_STEP
from pellucid.network.embed import TokenIntake
from pellucid.ship.bundle import Model
from pellucid.ship.decoding import predicted
from pellucid.training.evaluate import WRITTEN
from pellucid.training.evaluate import written as wrote


def likelihoods(model: Model, raw: TextRaw) -> dict[str, list[Any]]:
    """`perplexity`, `bits_per_character` and `tokens` of each text, each read by itself; blank for an empty one."""
    character_V = torch.tensor(vocabulary(model.signature, "input").characters, dtype=torch.float64)
    columns: dict[str, list[Any]] = {"perplexity": [], "bits_per_character": [], "tokens": []}
    for batch in _each(model, raw):
        prediction, target_BT = predicted(model, batch), batch.target
        assert prediction.likelihood_NT2 is not None and target_BT is not None
        judged_BT = target_BT != UNJUDGED_STEP
        lost = -float(prediction.likelihood_NT2[..., 0][judged_BT].double().sum())
        tokens, characters = int(judged_BT.sum()), float(character_V[target_BT[judged_BT]].sum())
        columns["perplexity"].append(math.exp(lost / tokens) if tokens else None)
        columns["bits_per_character"].append(lost / math.log(2) / characters if characters else None)
        columns["tokens"].append(tokens)
    return _filed(raw) | columns


def vectors(model: Model, raw: TextRaw) -> dict[str, list[Any]]:
    """`embedding_0` and so on: the mean of the vectors of the words of each text; 0 for a text without any."""
    intake = next(module for module in model.network.modules() if isinstance(module, TokenIntake))
    known, weight_VD = vocabulary(model.signature, "input"), intake.embedding.weight.detach().cpu()
    means: list[torch.Tensor] = []
    for text in raw.texts():
        code_T = torch.from_numpy(known.codes(text))
        means.append(weight_VD[code_T[code_T >= FIRST]].sum(0) / max(1, int((code_T >= FIRST).sum())))
    mean_ND = torch.stack(means)
    return _filed(raw) | {f"embedding_{place}": column_N.tolist() for place, column_N in enumerate(mean_ND.T)}


def sentences(model: Model, batch: Batch) -> list[str]:
    """What the network writes by itself after reading each source."""
    task, texts = model.recipe.task, list[str]()
    assert task is not None
    for start in range(0, len(batch), WRITTEN):
        _, code_BU = wrote(model.network, batch.part(start, start + WRITTEN), task, model.signature)
        prediction = task.decode(code_BU, model.signature, None)
        assert prediction.spell is not None and prediction.label is not None
        texts += prediction.spell(prediction.label)
    return texts


def _each(model: Model, raw: TextRaw) -> Iterator[Batch]:
    """The windows of one text after the other."""
    for row in range(raw.rows):
        yield model.preparation.apply(raw.take(np.arange(raw.rows) == row), model.signature)


def _filed(raw: TextRaw) -> dict[str, list[Any]]:
    return {FILE: raw.table.frame[FILE].to_list()} if raw.filed else {}
