"""The Part that ties texts together."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pellucid.data.signature import from_json
from pellucid.data.source import Data, SkipBadRows
from pellucid.data.splitting import ByFiles, choose_split
from pellucid.data.text import Text
from pellucid.data.tokenizers import Subwords
from pellucid.errors import DataError
from pellucid.parts import concrete

NAMED = {"melodies": "next", "toy_translation": "sentence", "tagged": "steps", "questions": "sentence"}
REVIEWS = [f"{('good', 'bad')[at % 2]} soup, number {at}" for at in range(60)]


def write(path: Path, text: str | bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def table(path: Path, rows: list[str] = REVIEWS) -> str:
    return write(path, "review,label\n" + "".join(f'"{text}",{text.split()[0]}\n' for text in rows))


@pytest.mark.parametrize("name", NAMED)
def test_every_embedded_text_loads_by_its_name(name: str) -> None:
    data = concrete(Data, name)
    assert isinstance(data, Text)
    raw = data.read()
    signature = data.inspect(raw)
    assert signature.target is not None and signature.target.kind == NAMED[name] and signature.notes["licence"]
    loaded = data.load(raw, signature, choose_split(signature)[0], 0)
    assert from_json(loaded.signature.as_json()) == loaded.signature
    assert min(loaded.share.values()) > 0 and loaded.dataset.form.kind == "sequence"


def test_reading_a_recipe_imports_no_numbers() -> None:
    code = (
        "import sys; from pellucid.data.source import Data; from pellucid.parts import concrete;"
        "concrete(Data, {'path': 'x.txt', 'tokenizer': {'kind': 'subword'}, 'augment': ['token_dropout']});"
        "print([name for name in ('numpy', 'polars', 'torch', 'tokenizers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_text_survives_yaml_values() -> None:
    data = Text(path="x.csv", target="y", text="t", tokenizer=Subwords(size=900), length=12, window=9)
    assert concrete(Data, data.dump()) == data and data.targets == ("y",) and Text(path="x").targets == ()


def test_a_table_of_reviews_is_read_and_guessed_with_its_reasons(tmp_path: Path) -> None:
    data = concrete(Data, {"path": table(tmp_path / "a.csv"), "target": "label"})
    assert isinstance(data, Text)
    signature = data.inspect(data.read())
    review = signature.columns[0]
    assert (review.name, review.type, review.role, review.confidence) == ("review", "text", "input", 1.0)
    assert review.why == "it is the only column beside the target" and signature.rows == 60
    assert signature.target is not None and signature.target.counts == (30, 30)


def test_columns_beside_the_text_are_left_out_and_told(tmp_path: Path) -> None:
    rows = "".join(f'"{text}",{at % 7},{text[0]}\n' for at, text in enumerate(REVIEWS))
    data = Text(path=write(tmp_path / "a.csv", "text,stars,y\n" + rows), target="y")
    signature = data.inspect(data.read())
    found = [finding for finding in signature.findings if finding.place == "stars"]
    assert len(found) == 1 and "kind: table" in found[0].message and found[0].severity == "info"


def test_faults_of_a_table_name_line_and_column(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "review,label\nfine soup here,good\nno label there,\npoor soup here,bad\n")
    with pytest.raises(DataError, match='column "label": the target is blank') as caught:
        Text(path=path, target="label").inspect(Text(path=path, target="label").read())
    assert caught.value.place.line == 3
    latin = write(tmp_path / "b.csv", "review,label\nfine caf\u00e9,good\n".encode("cp1252"))
    with pytest.raises(DataError, match=r"b\.csv:2: byte 0xe9 at offset 21"):
        Text(path=latin, target="label").read()
    with pytest.raises(DataError, match=r"data\.path is missing"):
        Text().read()


def test_bad_rows_are_left_out_as_far_as_allowed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", Path(table(tmp_path / "whole.csv")).read_bytes() + b'"no label",\nragged\n')
    data = Text(path=path, target="label", on_bad_row=SkipBadRows(skip=0.1))
    raw = data.read()
    assert raw.rows == 60 and sorted(raw.skipped) == [f"{path}:62", f"{path}:63"]
    (found,) = [finding for finding in data.inspect(raw).findings if finding.check == "bad-rows"]
    assert found.evidence["rows"] == 2
    with pytest.raises(DataError, match=r"2 of 62 rows cannot be used; data\.on_bad_row allows 1\.00%") as caught:
        Text(path=path, target="label", on_bad_row=SkipBadRows(skip=0.01)).read()
    assert caught.value.code == "DATA-BAD-ROWS"


def test_the_parts_may_lie_in_files_of_their_own(tmp_path: Path) -> None:
    files = [table(tmp_path / f"{name}.csv", REVIEWS[at * 20 : at * 20 + 20]) for at, name in enumerate("abc")]
    split = ByFiles(valid=files[1], test=files[2])
    data = Text(path=files[0], target="label", split=split)
    raw = data.read()
    loaded = data.load(raw, data.inspect(raw), split, 0)
    assert loaded.share == {"train": 20, "valid": 20, "test": 20}
    tagged = [write(tmp_path / f"{at}.conll", f"w{at} A\nx B\n\n" * 9) for at in range(3)]
    data = Text(path=tagged[0], split=ByFiles(valid=tagged[1], test=tagged[2]))
    raw = data.read()
    assert data.load(raw, data.inspect(raw), data.split or split, 0).share == {"train": 9, "valid": 9, "test": 9}
    plain = [write(tmp_path / f"{at}.txt", f"running text {at} " * 20) for at in range(3)]
    data = Text(path=plain[0], split=ByFiles(valid=plain[1], test=plain[2]), window=16)
    raw = data.read()
    assert min(data.load(raw, data.inspect(raw), data.split or split, 0).share.values()) > 10


def test_folders_of_classes_go_all_the_way(tmp_path: Path) -> None:
    for at, text in enumerate(REVIEWS):
        write(tmp_path / text.split()[0] / f"{at}.txt", text)
    data = concrete(Data, str(tmp_path))
    raw = data.read()
    signature = data.inspect(raw)
    assert signature.target is not None and signature.target.classes == ("bad", "good")
    assert sum(data.load(raw, signature, choose_split(signature)[0], 0).share.values()) == 60
    with pytest.raises(DataError, match='says "good" in every row'):
        one = tmp_path / "one"
        write(one / "good" / "1.txt", "fine soup")
        write(one / "good" / "2.txt", "nice soup")
        Text(path=str(one)).inspect(Text(path=str(one)).read())
