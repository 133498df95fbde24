"""How a network reads a sequence: what attention looks at, what gates let through, and how an answer forms.

T, S  positions    H  heads    D  units
"""

from __future__ import annotations

from typing import Any

import torch

from pellucid.data.batch import Batch
from pellucid.data.vocabulary import vocabulary
from pellucid.forms import Paired, Signal, Steps, Tokens
from pellucid.nn.traces import Traces, traced
from pellucid.report.evidence import Evidence
from pellucid.report.outcome import Outcome, predict, replaced, rows_of
from pellucid.report.pictures import png
from pellucid.report.spelling import first_signal, lengths, shown
from pellucid.report.words import plain

ROWS = 2
GOOD = 30
"""Positions of the rows that are looked for: enough to see something, few enough to read them."""
SEEN = 48
"""Positions of attention that are shown,"""
PLACES = 96
"""those of gates,"""
HEADS = 4
"""heads of a layer,"""
UNITS = 32
"""units of a layer: those that change most,"""
PREFIXES = 24
"""and beginnings of a row of which the answer is asked."""
BLUE, ORANGE = (0, 114, 178), (213, 94, 0)
GATES = ("input gate", "forget gate", "output gate", "update gate", "reset gate")


def reading(evidence: Evidence, test: Outcome) -> dict[str, Any] | None:
    """Pictures of some rows; None where the rows are no sequences or nothing can be seen inside."""
    length_N = lengths(test.batch)
    if length_N is None or not len(test):
        return None
    places = (length_N - GOOD).abs().argsort(stable=True)[:ROWS]
    rows = []
    for place in sorted(places.tolist()):
        batch = test.batch.part(place, place + 1)
        with traced(evidence.network) as traces:
            evidence.forward(batch)
        names = _positions(evidence, batch)
        told = {
            "row": rows_of(test.batch)[place],
            "length": int(length_N[place]),
            "attention": _attention(traces, names),
            "gates": _gates(traces, names),
            "forming": _forming(evidence, batch, int(length_N[place])),
        }
        if told["attention"] or told["gates"] or told["forming"]:
            rows.append(told)
    return {"rows": rows} if rows else None


def _positions(evidence: Evidence, batch: Batch) -> list[list[str]]:
    """The names of the positions of a row; of a pair, those of its source and those of its context."""
    parts = batch.input if isinstance(batch.input, Paired) else (batch.input,)
    found = []
    for side, part in zip(("input", "target"), parts, strict=False):
        if isinstance(part, Tokens):
            spelling = vocabulary(evidence.signature, side)
            found.append(shown(spelling, [code for code in part.code_BT[0].tolist() if code]))
        else:
            assert isinstance(part, Steps)
            found.append([str(at + 1) for at in range(int(part.mask_BT[0].sum()))])
    return found


def _attention(traces: Traces, names: list[list[str]]) -> list[dict[str, Any]]:
    """The weights of the first and of the last layer that attends, as pictures: a row looks at columns."""
    layers = [(name, told["attention"][0]) for name, told in traces.items() if "attention" in told]
    found = []
    for name, weight_HTS in dict(layers[:1] + layers[-1:]).items():
        later = "encoder" not in name  # what is written looks at what was read
        down, across = _named(weight_HTS.shape[1], names, later), _named(weight_HTS.shape[2], names)
        weight_HTS = weight_HTS[:HEADS, : min(len(down), SEEN), : min(len(across), SEEN)].detach().float().cpu()
        found.append(
            {
                "layer": name,
                "down": down[:SEEN],
                "across": across[:SEEN],
                "heads": [_tinted(weight_TS / weight_TS.amax().clamp_min(1e-9)) for weight_TS in weight_HTS],
            }
        )
    return found


def _named(size: int, names: list[list[str]], later: bool = False) -> list[str]:
    """Which positions so many are: those of the first (or `later`) sequence, or of both; else by number."""
    known = [*(names[::-1] if later else names), [name for part in names for name in part]]
    return next((part for part in known if len(part) == size), [str(at + 1) for at in range(size)])


def _gates(traces: Traces, names: list[list[str]]) -> list[dict[str, Any]]:
    """Of the first and of the last recurrent layer: units of the hidden state, its norm, and the mean of each gate."""
    layers = [(name, told) for name, told in traces.items() if "hidden" in told]
    found = []
    for name, told in dict(layers[:1] + layers[-1:]).items():
        hidden_TD = told["hidden"][0].detach().float().cpu()[:PLACES]
        most = hidden_TD.var(0, correction=0).argsort(descending=True, stable=True)[:UNITS]
        gates = {
            gate: list(map(plain, told[gate][0].detach().float().mean(1).tolist()[: len(hidden_TD)]))
            for gate in GATES
            if gate in told
        }
        norm = (hidden_TD.norm(dim=1) / hidden_TD.shape[1] ** 0.5).tolist()
        found.append(
            {
                "layer": name,
                "positions": _named(len(told["hidden"][0]), names)[:PLACES],
                "units": hidden_TD.shape[1],
                "shown": len(most),
                "hidden": _tinted(hidden_TD[:, most].T / hidden_TD.abs().amax().clamp_min(1e-9)),
                "norm": list(map(plain, norm)),
                "gates": gates,
            }
        )
    return found


def _forming(evidence: Evidence, batch: Batch, length: int) -> dict[str, Any] | None:
    """The probability of the true class and of the one said, after each of some beginnings of a row.

    None where a class is not asked for, or where every row has the same length and shorter ones mean nothing.
    """
    target = evidence.signature.target
    assert target is not None
    if target.kind != "classes" or evidence.dataset.form.even or length < 2:
        return None
    ends = sorted(set(torch.linspace(1, length, min(PREFIXES, length)).long().tolist()))
    cut = replaced(batch.take(torch.zeros(len(ends), dtype=torch.int64)), _beginnings(batch.input, ends))
    probability_NC = predict(evidence, cut).probability
    assert probability_NC is not None
    true, said = int(evidence.truth(batch)[0]), int(probability_NC[-1].argmax())
    return {
        "ends": ends,
        "classes": {
            target.classes[code]: list(map(plain, probability_NC[:, code].tolist()))
            for code in dict.fromkeys((true, said))
        },
        "truth": target.classes[true],
    }


def _beginnings(signal: Signal, ends: list[int]) -> Signal:
    """One row as several, each ending after so many positions."""
    signal = first_signal(signal)
    assert isinstance(signal, Tokens | Steps)
    device = signal[0].device
    there_NT = torch.arange(signal[0].shape[1], device=device) < torch.tensor(ends, device=device)[:, None]
    if isinstance(signal, Tokens):
        return Tokens(signal.code_BT * there_NT)
    return Steps(signal.x_BTD * there_NT.unsqueeze(2), signal.mask_BT & there_NT)


def _tinted(share_HW: torch.Tensor) -> str:
    """Numbers from -1 to 1 as a picture: blue above 0, orange below, clear at 0."""
    pixel_HW4 = torch.empty(*share_HW.shape, 4, dtype=torch.uint8)
    above_HW1 = (share_HW >= 0).unsqueeze(2)
    pixel_HW4[..., :3] = torch.where(above_HW1, torch.tensor(BLUE), torch.tensor(ORANGE)).to(torch.uint8)
    pixel_HW4[..., 3] = (share_HW.abs().clamp(0, 1).sqrt() * 255).round().to(torch.uint8)
    return png(pixel_HW4.numpy().tobytes(), share_HW.shape[1], share_HW.shape[0], channels=4)
