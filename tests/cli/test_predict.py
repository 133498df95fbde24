"""`pellucid predict`: new rows in, labels or values out."""

from __future__ import annotations

import csv
import io
import random
import sys
import wave
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Tell = Callable[..., Any]


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_labels_with_probabilities(tell: Tell, here: Path) -> None:
    ended = tell("predict", "runs/shop-0001", "shop.csv")
    assert ended.code == 0
    rows = table(ended.out)
    assert len(rows) == 120 and list(rows[0]) == ["prediction", "probability_no", "probability_yes"]
    for row in rows:
        no, yes = float(row["probability_no"]), float(row["probability_yes"])
        assert no + yes == pytest.approx(1, abs=1e-6)
        assert row["prediction"] == ("yes" if yes > no else "no")


def test_values_with_intervals(tell: Tell, here: Path) -> None:
    rows = table(tell("predict", "runs/shop-0002", "shop.csv").out)
    assert list(rows[0]) == ["prediction", "low", "high"]
    for row in rows:
        assert float(row["low"]) <= float(row["prediction"]) <= float(row["high"])


def test_the_order_is_that_of_the_rows(tell: Tell, mine: Path) -> None:
    head, *lines = (mine / "shop.csv").read_text().splitlines()
    (mine / "back.csv").write_text("\n".join([head, *reversed(lines)]))
    first, *forth = tell("predict", "runs/shop-0002", "shop.csv").out.splitlines()
    again, *back = tell("predict", "runs/shop-0002", "back.csv").out.splitlines()
    assert first == again and forth != back
    for one, two in zip(forth, reversed(back), strict=True):
        assert [float(cell) for cell in one.split(",")] == pytest.approx([float(cell) for cell in two.split(",")])


def test_to_a_file(tell: Tell, mine: Path) -> None:
    ended = tell("predict", "runs/shop-0001/model", "shop.csv", "-o", "out.csv")
    assert (ended.code, ended.out, ended.err) == (0, "", "120 rows: out.csv\n")
    assert (mine / "out.csv").read_text() == tell("predict", "runs/shop-0001", "shop.csv").out
    told = tell("predict", "runs/shop-0001", "shop.csv", "-o", "out.csv", "--json").value
    assert (told["rows"], told["output"], told["findings"]) == (120, "out.csv", [])
    assert tell("predict", "runs/shop-0001", "shop.csv", "--expect-id", told["model"], "-o", "out.csv").code == 0


def test_from_standard_input_in_a_process_of_its_own(tell: Tell, start: Tell, here: Path) -> None:
    text = (here / "shop.csv").read_text()
    ended = start(here, "-m", "pellucid", "predict", "runs/shop-0001", "-", given=text)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == tell("predict", "runs/shop-0001", "shop.csv").out


def test_further_columns_and_their_order_change_nothing(tell: Tell, mine: Path) -> None:
    lines = [line.split(",") for line in (mine / "shop.csv").read_text().splitlines()]
    more = [[spent, f"more{place}", age, city] for place, (age, city, spent, _) in enumerate(lines)]
    (mine / "more.csv").write_text("\n".join(",".join(row) for row in more))
    ended = tell("predict", "runs/shop-0001", "more.csv")
    assert ended.code == 0 and ended.out == tell("predict", "runs/shop-0001", "shop.csv").out


def test_a_missing_column_is_named(tell: Tell, refused: Callable[..., str], mine: Path) -> None:
    lines = [line.split(",", 2) for line in (mine / "shop.csv").read_text().splitlines()]
    (mine / "less.csv").write_text("\n".join(f"{age},{rest}" for age, _, rest in lines))
    assert "SCHEMA-MISSING" in (line := refused(tell("predict", "runs/shop-0001", "less.csv"))) and '"city"' in line


def test_a_cell_that_training_never_saw_is_told(tell: Tell, mine: Path) -> None:
    (mine / "new.csv").write_text("age,city,spent\n30,bern,10\n")
    ended = tell("predict", "runs/shop-0001", "new.csv")
    assert ended.code == 0 and len(table(ended.out)) == 1 and "city" in ended.err
    assert tell("predict", "runs/shop-0001", "new.csv", "--json").value["findings"]


def test_another_model_is_refused(tell: Tell, refused: Callable[..., str], here: Path) -> None:
    assert "FILE-ID" in refused(tell("predict", "runs/shop-0001", "shop.csv", "--expect-id", "sha256:0"), 3)


def test_a_damaged_model_is_refused(tell: Tell, refused: Callable[..., str], mine: Path) -> None:
    path = mine / "runs/shop-0001/model/weights.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert "FILE-DAMAGED" in refused(tell("predict", "runs/shop-0001", "shop.csv"), 3)


def test_forecasts_without_data(tell: Tell, reading: Path) -> None:
    rows = table(tell("predict", "sales", "--horizon", 3).out)
    assert list(rows[0]) == ["time", "step", "quantile", "prediction"]
    assert sorted({row["time"] for row in rows}) == ["2024-03-31", "2024-04-01", "2024-04-02"]
    assert tell("predict", "sales", "sales.csv", "--horizon", 3).out == tell("predict", "sales", "--horizon", 3).out
    far = tell("predict", "sales", "--horizon", 9, "--json").value
    assert far["rows"] == 9 * len({row["quantile"] for row in rows}) and far["findings"][0]["check"] == "fed-back"
    assert "rows 8 to 9 are forecast from forecasts" in tell("predict", "sales", "--horizon", 9).err


def test_horizons_that_go_with_nothing(tell: Tell, refused: Callable[..., str], reading: Path) -> None:
    assert "this run predicts how likely texts are" in refused(tell("predict", "lines", "lines.txt", "--horizon", 3))
    assert "what is to be predicted?" in refused(tell("predict", "facts"))
    assert "--horizon" in refused(tell("predict", "sales", "--horizon", 0))
    assert "--horizon" in refused(tell("predict", "sales", "--horizon", "soon"))


def test_sentences_and_likelihoods(tell: Tell, reading: Path) -> None:
    assert len(table(tell("predict", "facts", "facts.csv").out)) == 32
    rows = table(tell("predict", "lines", "lines.txt").out)
    assert len(rows) == 1 and float(rows[0]["bits_per_character"]) < 4


@pytest.mark.parametrize(
    "lines",
    [
        "source\nIs a cat old?\n",
        "id,source\n1,Is a cat old?\n",
        '{"source": "Is a cat old?"}\n',
        "Is a cat old?\n",
    ],
)
def test_standard_input_is_told_by_its_beginning(
    lines: str, tell: Tell, reading: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
    (row,) = table(tell("predict", "facts", "-").out)
    assert row["prediction"] + "\n" == tell("generate", "facts", "--prompt", "Is a cat old?").out


def test_several_files_go_with_images_and_sounds_alone(tell: Tell, refused: Callable[..., str], reading: Path) -> None:
    assert "2 files are given; a model of text takes one" in refused(tell("predict", "facts", "facts.csv", "facts.csv"))


@pytest.mark.slow
def test_several_sounds_are_rows_of_one_table(
    tell: Tell, refused: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    draw = random.Random(0)
    for name in ("low", "high"):
        Path("sounds", name).mkdir(parents=True)
        for at in range(12):
            period = (40 if name == "low" else 8) + draw.randint(0, 3)
            with wave.open(f"sounds/{name}/{at}.wav", "wb") as file:
                file.setparams((1, 2, 8000, 0, "NONE", ""))
                values = [9000 * (i // period % 2) + draw.randint(-99, 99) for i in range(2000)]
                file.writeframes(array("h", values).tobytes())
    assert tell("train", "sounds", "--run", "run", "-s", "method.epochs=1", "-q", "--no-report").code == 0
    files = ["sounds/low/1.wav", "sounds/high/2.wav"]
    assert [row["file"] for row in table(tell("predict", "run", *files).out)] == files
    assert "sounds/99.wav" in refused(tell("predict", "run", *files, "sounds/99.wav"))


def test_hints_name_nothing_that_only_a_recipe_can_say(
    tell: Tell, refused: Callable[..., str], reading: Path, tmp_path: Path
) -> None:
    (tmp_path / "ragged.csv").write_text("id,source\n1,a,b\n")
    said = refused(tell("predict", "facts", tmp_path / "ragged.csv"))
    assert "put quotes around a cell" in said and "data." not in said.split("hint:")[1]
    days = (reading / "sales.csv").read_text().splitlines()
    (tmp_path / "gap.csv").write_text("\n".join(days[:50] + days[53:]) + "\n")
    said = refused(tell("predict", "sales", tmp_path / "gap.csv"))
    assert "mend the new data" in said and "data." not in said.split("hint:")[1]
