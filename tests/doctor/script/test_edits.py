from __future__ import annotations

from pathlib import Path

import pytest

from pellucid.doctor.script.edits import RULES, diff
from pellucid.doctor.treatments.catalogue import MENU
from pellucid.findings import Finding


def changed(tmp_path: Path, check: str, text: str, line: int = 1, **evidence: float) -> list[str]:
    """The lines that the diff takes out and puts in."""
    script = tmp_path / "train.py"
    script.write_text(text)
    found = diff(Finding(check, "severe", "", evidence={"line": f"train.py:{line}", **evidence}), str(script))
    assert script.read_text() == text, "nothing is written"
    assert not found or found[:2] == ["--- train.py", "+++ train.py"]
    return [one for one in found[2:] if one[0] in "+-"]


@pytest.mark.parametrize(
    ("check", "before", "after"),
    [
        ("softmax-twice", "net = nn.Sequential(a, nn.Softmax(dim=1))", "net = nn.Sequential(a, nn.Identity())"),
        ("softmax-twice", "    return F.softmax(self.out(x), dim=1)", "    return self.out(x)"),
        ("sigmoid-twice", "p = torch.sigmoid(z)", "p = z"),
        ("one-unit-softmax", "nn.Softmax(dim=1),", "nn.Sigmoid(),"),
        ("wrong-softmax-axis", "nn.LogSoftmax(dim=0)", "nn.LogSoftmax(dim=1)"),
        ("summed-loss", "c = nn.MSELoss(reduction='sum')", "c = nn.MSELoss(reduction='mean')"),
        ("sorted-batches", "l = DataLoader(rows, shuffle=False)", "l = DataLoader(rows, shuffle=True)"),
        ("sorted-batches", "l = DataLoader(rows, 40)", "l = DataLoader(rows, 40, shuffle=True)"),
        ("dropout-at-evaluation", "x = F.dropout(x, 0.5)", "x = F.dropout(x, 0.5, training=self.training)"),
        ("batch-norm-small", "nn.BatchNorm1d(64)", "nn.GroupNorm(1, 64)"),
        ("memory-grows", "total += loss", "total += loss.item()"),
        ("over-regularised", "AdamW(p, weight_decay=10.0)", "AdamW(p, weight_decay=0.01)"),
        ("trains-in-eval", "    for images, labels in train_loader:", "    model.train()"),
    ],
)  # fmt: skip
def test_a_line_is_changed(tmp_path: Path, check: str, before: str, after: str):
    assert changed(tmp_path, check, f"{before}\n")[:2] == [f"-{before}", f"+{after}"] or (
        changed(tmp_path, check, f"{before}\n") == [f"+{after}"]
    )


def test_a_line_is_put_in_behind_the_step(tmp_path: Path):
    said = changed(tmp_path, "gradients-not-cleared", "for x in y:\n    loss.backward()\n    opt.step()\n", line=2)
    assert said == ["+    opt.zero_grad()"]


def test_the_rate_is_the_one_suggested(tmp_path: Path):
    said = changed(tmp_path, "diverges", "a = SGD(p, lr=1)\nb = SGD(p, lr=5.0)\n", line=2, suggested=0.05)
    assert said == ["-b = SGD(p, lr=5.0)", "+b = SGD(p, lr=0.05)"], "the line that is nearest"


def test_where_no_line_is_known_nothing_is_shown(tmp_path: Path):
    assert changed(tmp_path, "softmax-twice", "print(1)\n") == []
    assert changed(tmp_path, "vanishing-gradient", "nn.Sigmoid()\n") == []
    assert diff(Finding("softmax-twice", "severe", ""), "train.py") == []
    elsewhere = Finding("softmax-twice", "severe", "", evidence={"line": "no_such_module_at_all.py:3"})
    assert diff(elsewhere, str(tmp_path / "train.py")) == []


def test_rules_are_for_checks_that_there_are():
    from pellucid.doctor.check import Check
    from pellucid.parts import kinds

    assert RULES.keys() <= kinds(Check).keys() and RULES.keys() - MENU.keys() == {"memory-grows"}
