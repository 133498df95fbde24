"""Where series come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pellucid.data.series_read import from_anything, from_path
from pellucid.data.series_roles import Asked
from pellucid.errors import DataError

HEAD = "@classLabel true a b\n@data\n"


def test_every_form_of_a_file_is_read(tmp_path: Path) -> None:
    for part in ("TRAIN", "TEST"):
        (tmp_path / f"Toy_{part}.ts").write_text(HEAD + "1,2:a\n3,4:b\n", encoding="utf-8")
    lists = tmp_path / "toy.jsonl"
    lists.write_text('{"values": [1, 2], "label": "a"}\n{"values": [3, 4], "label": "b"}\n', encoding="utf-8")
    np.savez(tmp_path / "toy.npz", values=np.array([[1, 2], [3, 4]]), codes=[0, 1], classes=["a", "b"])
    table = tmp_path / "toy.csv"
    table.write_text("series,y,label\nu,1,a\nu,2,a\nv,3,b\nv,4,b\n", encoding="utf-8")
    asked = Asked(("label",))
    raws = [from_path(str(path), asked, ()) for path in (tmp_path / "Toy_TEST.ts", lists, tmp_path / "toy.npz", table)]
    for raw in raws:
        assert raw.value_NC[:, 0].tolist() == [1, 2, 3, 4] and raw.label is not None
        assert raw.label["label"].to_list() == ["a", "b"] and raw.asks == "series"
    folder = from_path(str(tmp_path), asked, ())
    assert folder.rows == 4 and folder.cells["split"].tolist() == ["train"] * 2 + ["test"] * 2
    assert str(raws[0].place(3)) == f"{tmp_path / 'Toy_TEST.ts'}:4"


def test_memory_gives_the_same() -> None:
    values, labels = np.array([[1.0, 2.0], [3.0, 4.0]]), ["a", "b"]
    asked = Asked(("label",))
    pair, mapping, alone = (
        from_anything(rows, asked, ())
        for rows in ((values, labels), {"values": values, "labels": labels}, list(values))
    )
    assert pair.value_NC.tolist() == mapping.value_NC.tolist() == alone.value_NC.tolist() and alone.label is None
    frame = from_anything({"series": ["u", "u", "v", "v"], "values": [1, 2, 3, 4], "label": [*"aabb"]}, asked, ())
    assert frame.channels == ("values",) and frame.rows == 2
    ahead = from_anything(np.arange(6.0), Asked(("y",), horizon=2), ())
    assert ahead.asks == "future" and ahead.channels == ("y",)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        from_path(str(tmp_path / "no.csv"), Asked(), ())
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(DataError, match=r"cannot be read as \.npz"):
        from_path(str(tmp_path / "bad.npz"), Asked(), ())
    (tmp_path / "toy.ts").write_text(HEAD + "1,2:a\n", encoding="utf-8")
    with pytest.raises(DataError, match="these are whole series, and a forecast reads a table"):
        from_path(str(tmp_path / "toy.ts"), Asked(horizon=2), ())
