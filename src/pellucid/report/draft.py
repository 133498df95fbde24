"""The commented recipe that `pellucid new` writes: what the data is, what looks dangerous, what is planned."""

from __future__ import annotations

from pellucid.data.signature import Column, Signature
from pellucid.documents import write_yaml
from pellucid.report.lengths import sequences
from pellucid.training.session import Session

SHOWN = {"data", "task", "model", "method", "optimizer", "stop", "seed"}
"""What a first recipe says; the rest stays with the plan."""
WIDTH = 110


def write(session: Session) -> str:
    """The recipe of a session as YAML, with comments above and beside its values."""
    signature, recipe = session.signature, session.recipe
    lines = [
        f"# {signature.rows:,} rows of {signature.source}: {_shares(session)}",
        *_target(signature),
        *_sequences(session),
        *_columns(signature),
        *_findings(signature),
        "#",
        "# Every value may be changed or left out; `pellucid check` shows what the plan then fills in, and why.",
        "",
    ]
    value = {name: item for name, item in recipe.dump().items() if name in SHOWN}
    reasons = {decision.path: decision.reason for decision in session.decisions if decision.path.split(".")[0] in SHOWN}
    return "\n".join(lines) + write_yaml(value, reasons)


def _shares(session: Session) -> str:
    counts = ", ".join(f"{count:,} {part}" for part, count in session.loaded.share.items())
    target = session.signature.target
    cut = target is not None and target.kind in ("next", "future")
    return f"{counts} windows" if cut else counts


def _target(signature: Signature) -> list[str]:
    target = signature.target
    if target is None:
        return []
    lines = [f"# target: {', '.join(target.names)} ({target.kind}; {target.why})"]
    if target.classes:
        pairs = zip(target.classes, target.counts, strict=False)
        lines.append("#   " + _cut(", ".join(f"{name} {count:,}" for name, count in pairs)))
    return lines


def _sequences(session: Session) -> list[str]:
    found = sequences(session.signature, session.dataset.part("train"))
    return [_cut(f"# {name}: {value}") for name, value in found.items()]


def _columns(signature: Signature) -> list[str]:
    if not signature.columns:
        return [f"# {note}" for note in signature.notes.values()]
    lines = ["# columns:"]
    width = max(len(column.name) for column in signature.columns)
    return lines + [f"#   {column.name:<{width}}  {_column(column)}" for column in signature.columns]


def _column(column: Column) -> str:
    missing = f", {column.missing:,} missing" if column.missing else ""
    return _cut(f"{column.role}: {column.type}{missing}; {column.why}")


def _findings(signature: Signature) -> list[str]:
    if not signature.findings:
        return ["# nothing looked dangerous"]
    return [
        "# look at this before you trust a score:",
        *(f"#   {_cut(str(finding))}" for finding in signature.findings),
    ]


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= WIDTH * 3 else text[: WIDTH * 3 - 3] + "..."
