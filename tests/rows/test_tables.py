"""Tables as a person meets them: split, rules, classes and types."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from pellucid.data.splitting import Stratified, choose_split
from pellucid.data.table import Table
from pellucid.errors import DataError


@pytest.mark.row("F2")
def test_the_split_is_stratified_seeded_and_immune_to_sorted_files() -> None:
    table = Table(path="penguins", target="species", columns={"split": "drop"})  # as a file without its own parts
    raw = table.read()
    signature = table.inspect(raw)
    assert "sorted-by-target" in {item.check for item in signature.findings}
    assert signature.target is not None
    whole = np.array(signature.target.counts) / raw.rows
    for seed in range(5):
        dataset = table.load(raw, signature, Stratified(), seed).dataset
        for part in (dataset.train, dataset.valid, dataset.test):
            assert part.target is not None
            share = torch.bincount(part.target, minlength=3).numpy() / len(part)
            assert np.abs(share - whole).max() < 0.02
    one, again, other = (table.load(raw, signature, Stratified(), seed).dataset.test.row_B for seed in (0, 0, 1))
    assert one is not None and again is not None and other is not None
    assert torch.equal(one, again) and not torch.equal(one, other)


@pytest.mark.row("F2")
def test_a_small_class_makes_the_split_stratified() -> None:
    signature = Table(path="titanic").inspect(Table(path="titanic").read())
    without = signature.replace(columns=tuple(item for item in signature.columns if item.role != "split"))
    assert without.target is not None
    split, why = choose_split(without.replace(target=without.target))
    assert split.dump()["kind"] == "hash" and why
    rare = without.replace(target=type(without.target)("classes", ("survived",), ("no", "yes"), (1213, 100)))
    assert choose_split(rare)[0] == Stratified()


@pytest.mark.row("F5")
def test_rules_stop_a_table_before_training_and_name_the_row(tmp_path: Path) -> None:
    lines = ["start,end,hours,rate,total,state,paid"]
    for row in range(200):
        hours, rate = row % 9 + 1, row % 5 + 0.5
        days = f"2024-01-{1 + row % 20:02d},2024-02-{1 + row % 20:02d}"
        words = f"{('open', 'closed')[row % 2]},{('no', 'yes')[row % 3 > 0]}"
        lines.append(f"{days},{hours},{rate},{hours * rate},{words}")
    path = tmp_path / "jobs.csv"
    path.write_text("\n".join(lines))
    table = Table(
        path=str(path),
        target="paid",
        rules=("start <= end", "total == hours * rate", "hours > 0", "state in {open, closed}"),
    )
    assert table.inspect(table.read()).rows == 200
    for row, old, new, says in (
        (57, "2024-02", "2023-02", "start <= end"),
        (59, ",open,", ",lost,", "state in {open, closed}"),
        (61, ",open,", "9,open,", "total == hours * rate"),
    ):
        broken = [line.replace(old, new) if at == row else line for at, line in enumerate(lines)]
        path.write_text("\n".join(broken))
        with pytest.raises(DataError) as caught:
            table.inspect(table.read())
        assert caught.value.place.line == row + 1 and says in caught.value.message
        assert caught.value.exit_code == 2 and " = " in caught.value.message


@pytest.mark.row("C3")
def test_labels_need_no_hand_made_encoding() -> None:
    words = {"x": [row / 7 for row in range(90)], "y": ["cat", "dog", "ape"] * 30}
    table = Table(target="y")
    raw = table.from_frame(words)
    signature = table.inspect(raw)
    assert signature.target is not None and signature.target.classes == ("ape", "cat", "dog")
    loaded = table.load(raw, signature, Stratified(), 0)
    assert loaded.dataset.train.target is not None
    assert set(loaded.dataset.train.target.tolist()) == {0, 1, 2}
    new = table.read_new({"x": [1.0, 2.0], "y": ["dog", "cat"]}, loaded.signature, labelled=True)
    target = loaded.preparation.apply(new, loaded.signature).target
    assert target is not None and target.tolist() == [2, 1]


@pytest.mark.row("C3")
def test_a_class_missing_from_a_part_is_said_and_from_train_refused(tmp_path: Path) -> None:
    parts = ["train"] * 60 + ["valid"] * 15 + ["test"] * 15
    data = {"x": [row / 7 for row in range(90)], "y": ["cat", "dog"] * 45, "split": parts}
    table = Table(target="y")
    for place, severity in ((80, "finding"), (0, "error")):
        data["y"] = ["ape" if row == place else ("cat", "dog")[row % 2] for row in range(90)]
        raw = table.from_frame(data)
        signature = table.inspect(raw)
        split, _ = choose_split(signature)
        if severity == "finding":
            with pytest.raises(DataError, match='train part of the split has no row of class "ape"'):
                table.load(raw, signature, split, 0)
        else:
            found = table.load(raw, signature, split, 0).signature.findings
            assert [item.place for item in found if item.check == "class-missing"] == ["valid", "test"]


@pytest.mark.row("F6")
def test_types_are_recognised_with_confidence_and_can_be_overruled() -> None:
    rows = range(300)
    data = {
        "height": [1.5 + row * 7 % 50 / 100 for row in rows],
        "floor": [row % 4 for row in rows],
        "color": [("red", "green", "blue")[row % 3] for row in rows],
        "member": [("yes", "no")[row % 7 > 3] for row in rows],
        "since": [f"2024-{1 + row % 12:02d}-{1 + row % 28:02d}" for row in rows],
        "remark": [f"they said the thing number {row * 7} was fine" for row in rows],
        "y": [("u", "v")[row * 31 % 17 > 8] for row in rows],
    }
    table = Table(target="y")
    signature = table.inspect(table.from_frame(data))
    found = {column.name: column for column in signature.columns}
    kinds = [found[name].type for name in data]
    assert kinds == ["number", "number", "category", "boolean", "date", "text", "category"]
    assert all(0.9 < column.confidence <= 1 and column.why for column in signature.columns)
    assert found["remark"].role == "dropped" and "data.columns" in found["remark"].why
    told = table.replace(columns={"floor": "category", "remark": "category", "since": "drop"})
    raw = told.from_frame(data)
    changed = {column.name: column for column in told.inspect(raw).columns}
    assert (changed["floor"].type, changed["remark"].role, changed["since"].role) == ("category", "input", "dropped")
    assert changed["floor"].why == "as data.columns says"
    loaded = told.load(raw, told.inspect(raw), Stratified(), 0)
    assert loaded.preparation.names() == ["height", "member", "floor", "color", "remark"]
