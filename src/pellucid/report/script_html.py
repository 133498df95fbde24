"""The page of a script that ran under watch, and the part of it that a notebook shows."""

from __future__ import annotations

from typing import Any

from pellucid.report.diagnosis_html import diagnosis_html
from pellucid.report.elements import pairs, section, table
from pellucid.report.style import STYLE
from pellucid.report.words import number, plural, safe, share

Plain = dict[str, Any]
NUMBERS = ("deviation", "dead", "saturated")
"""What is shown of a layer, as it was last seen."""

SMALL = (
    ".pellucid .warn{border-left:4px solid #8a8a8a;padding:4px 12px;margin:8px 0}"
    ".pellucid .warn.severe{border-left-color:#c62828}.pellucid .warn.warning{border-left-color:#e08e00}"
    ".pellucid dl{display:grid;grid-template-columns:max-content auto;gap:2px 12px}.pellucid dd{margin:0}"
)


def script_page(told: Plain) -> str:
    """One page that loads nothing; `told` is what `doctor/script/report.py` made."""
    name = safe(told["script"])
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{name} · doctor</title><style>{STYLE}</style></head><body>"
        f'<header><h1>{name} · doctor</h1><p class="headline">{safe(_headline(told))}</p></header>'
        f"<main>{script_part(told)}</main><footer>{name} · made by Pellucid</footer></body></html>"
    )


def script_part(told: Plain, *, alone: bool = False) -> str:
    """The sections of the page; `alone`, for a notebook, with a headline and a style that touches nothing else."""
    silenced = [
        [safe(one["check"]), safe(one["place"]), safe(one["message"]), safe(one["reason"])] for one in told["silenced"]
    ]
    quiet = table(["Check", "Place", "What was seen", "Reason"], silenced) if silenced else ""
    cures = "".join("<pre>" + safe("\n".join(proof["said"])) + "</pre>" for proof in told.get("proofs", []))
    body = "".join(
        (
            diagnosis_html(told["findings"]),
            section("cures", "Cures", "With and without, on the same seeds; what takes an edit, as a diff.", cures),
            section("silenced", "Silenced", "Findings that are not to count, and why.", quiet),
            section("training", "Training", "What was seen of the training.", _training(told)),
            section("layers", "Layers", "In the order in which they run, as they were last seen.", _layers(told)),
        )
    )
    return (
        f'<div class="pellucid"><style>{SMALL}</style><p><b>{safe(_headline(told))}</b></p>{body}</div>'
        if alone
        else body
    )


def _headline(told: Plain) -> str:
    if not told["steps"]:
        return "No training step was seen."
    if not told["findings"]:
        return "Nothing was found that keeps it from learning."
    return str(told["findings"][0]["message"])


def _training(told: Plain) -> str:
    history = told["history"]
    losses = [update["loss"] for update in history["updates"]]
    rows = {"steps watched": plural(told["steps"], "step")}
    if losses:
        rows["loss of the first step"] = number(losses[0])
        rows["loss of the last step"] = number(losses[-1])
    if history["constant"] is not None:
        rows["loss of the best constant answer"] = number(history["constant"])
    for name, value in history["optimizer"].items():
        rows[f"optimizer: {name.replace('_', ' ')}"] = value if isinstance(value, str) else number(value)
    rows["exit status of the script"] = str(told["exit"])
    rows["time of the doctor over that of the training"] = share(told["overhead"])
    return pairs(rows)


def _layers(told: Plain) -> str:
    readings = told["history"]["readings"]
    last = readings[-1]["layers"] if readings else {}
    rows = []
    for layer in told["history"]["layers"]:
        seen = last.get(layer["name"], {})
        shown = [number(seen[name]) if name in seen else "" for name in NUMBERS]
        rows.append([safe(layer["name"] or layer["kind"]), safe(layer["says"]), safe(layer["line"]), *shown])
    return table(["Layer", "", "Made at", "Deviation", "Dead", "Saturated"], rows, numbers={3, 4, 5}) if rows else ""
