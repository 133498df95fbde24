"""The commented recipe of `pellucid new`: it reads back, and says what was found."""

from __future__ import annotations

from pathlib import Path

import pytest

from pellucid.documents import Document, read_file
from pellucid.recipe import Recipe, read_recipe, recipe_of
from pellucid.report import draft
from pellucid.training.session import Session, prepare


def session(source: str, target: str | None = None) -> Session:
    return prepare(recipe_of(source, target)[0])


def back(text: str, folder: Path) -> Recipe:
    path = folder / "recipe.yaml"
    path.write_text(text)
    return read_recipe(read_file(path))


def comments(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("#")]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A table with an id, a constant, a copy of the target, gaps, and a category."""
    lines = ["id,name,height,town,answer,left"]
    for row in range(80):
        left, height = ("no", "yes")[row % 3 == 0], "" if row % 9 == 4 else 150 + row * 7 % 50
        lines.append(f"c{row:04d},same,{height},{('rome', 'oslo')[row % 2]},{left},{left}")
    path = tmp_path / "people.csv"
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize(
    "source", ["iris", "penguins", "diabetes", "digits", "airline", "tagged", "melodies", "japanese_vowels"]
)
def test_it_reads_back_and_resolves_to_itself(source: str, tmp_path: Path) -> None:
    planned = session(source)
    recipe = back(draft.write(planned), tmp_path)
    shown = {name: value for name, value in planned.recipe.dump().items() if name in draft.SHOWN}
    assert {name: recipe.dump()[name] for name in shown} == shown
    again = prepare(recipe).recipe.dump()
    assert {name: again[name] for name in shown} == shown


def test_it_says_what_the_columns_were_taken_for(people: Path, tmp_path: Path) -> None:
    planned = session(str(people), "left")
    text = draft.write(planned)
    said = comments(text)
    assert said[0].startswith("# 80 rows of ") and "56 train, 12 valid, 12 test" in said[0]
    assert said[1].startswith("# target: left (classes; ") and "yes 27" in said[2]
    columns = {words[1]: " ".join(words[2:]) for words in (line.split() for line in said) if len(words) > 2}
    assert columns["height"].startswith("input: number, 9 missing;")
    assert columns["town"].startswith("input: category;") and columns["left"].startswith("target: ")
    assert columns["id"].startswith("id: text; every row has a value of its own")
    assert columns["name"].startswith("dropped: "), columns["name"]
    assert back(text, tmp_path).data.dump()["path"] == str(people)


def test_it_says_what_looks_dangerous(people: Path) -> None:
    planned = session(str(people), "left")
    said = "\n".join(comments(draft.write(planned)))
    assert "look at this before you trust a score:" in said and "answer" in said
    for finding in planned.signature.findings:
        assert " ".join(str(finding).split())[:100] in said
    assert "# nothing looked dangerous" in comments(draft.write(session("digits")))


def test_values_have_their_reasons_beside_them() -> None:
    planned = session("iris")
    text = draft.write(planned)
    reasons = {decision.path: decision.reason for decision in planned.decisions}
    assert f"# {reasons['model']}" in text and f"# {reasons['method.epochs']}" in text


def test_a_long_note_is_cut_and_stays_on_its_line(tmp_path: Path) -> None:
    words = ["x" * 60 + f"{name}\n# data: {{path: evil}}" for name in range(20)]
    quoted = "\n".join(f'{row},"{words[row % 20]}"' for row in range(400))
    (tmp_path / "wide.csv").write_text(f"a,b\n{quoted}\n")
    text = draft.write(session(str(tmp_path / "wide.csv"), "b"))
    assert max(map(len, comments(text))) <= 3 * draft.WIDTH + 60
    assert back(text, tmp_path).data.dump()["target"] == "b"


def test_a_recipe_in_memory_is_enough() -> None:
    recipe = read_recipe(Document({"data": {"path": "iris"}, "model": {"kind": "mlp", "widths": []}}, "test"))
    assert "widths: []" in draft.write(prepare(recipe))


def test_windows_vocabularies_and_seasons_are_told() -> None:
    said = comments(draft.write(session("airline")))
    assert said[0].endswith("windows") and "# season: 12 rows" in said and "# horizon: 12 rows" in said
    assert any(line.startswith("# vocabulary: ") for line in comments(draft.write(session("tagged"))))
