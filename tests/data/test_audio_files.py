from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pellucid.data import audio_files, packaged, packages
from pellucid.data.audio_files import from_anything, from_folder, from_path
from pellucid.errors import DataError

from .test_audio_decode import hum, write_pcm


def sounds(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        write_pcm(root / name, hum())
    return root


def test_class_folders_are_read_in_natural_order(tmp_path: Path):
    root = sounds(tmp_path, "no/10.wav", "no/2.wav", "yes/deep/1.wav", "yes/.hidden.wav")
    found = from_folder(root, True)
    assert [sound.name for sound in found.sounds] == ["no/2.wav", "no/10.wav", "yes/deep/1.wav"]
    assert found.label is not None and found.label["folder"].to_list() == ["no", "no", "yes"]
    assert found.sounds[0].head().samples == 800 and found.sounds[0].wave(found.sounds[0].head()).shape == (800, 1)


def test_ready_made_parts_are_kept(tmp_path: Path):
    root = sounds(tmp_path, "train/a/1.wav", "train/b/1.wav", "Test/a/2.wav", "val/b/3.wav")
    found = from_folder(root, True)
    parts = dict(zip([sound.name for sound in found.sounds], found.cells["split"], strict=True))
    assert parts == {"train/a/1.wav": "train", "train/b/1.wav": "train", "Test/a/2.wav": "test", "val/b/3.wav": "valid"}
    assert found.label is not None and set(found.label["folder"]) == {"a", "b"}


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ((), "DATA-FOLDER"),
        (("a/1.wav", "2.wav"), "DATA-FOLDER"),
        (("a/1.wav", "a/2.wav"), "DATA-CLASS"),
        (("a/1.wav", "A/2.wav"), "DATA-CLASS"),
        (("train/a/1.wav", "train/b/1.wav", "more/a/1.wav"), "DATA-FOLDER"),
        (("train/1.wav", "test/1.wav"), "DATA-FOLDER"),
    ],
)
def test_folders_that_say_no_class_are_refused(tmp_path: Path, names: tuple[str, ...], code: str):
    with pytest.raises(DataError) as caught:
        from_folder(sounds(tmp_path, *names), True)
    assert caught.value.code == code
    if names:
        assert from_folder(tmp_path, False).label is None, "at prediction any layout will do"


def test_an_empty_class_is_named(tmp_path: Path):
    (sounds(tmp_path, "a/1.wav", "b/1.wav") / "c").mkdir()
    with pytest.raises(DataError, match="c"):
        from_folder(tmp_path, True)


def test_a_table_of_paths_keeps_its_other_columns(tmp_path: Path):
    sounds(tmp_path, "x/1.wav", "x/2.wav")
    (tmp_path / "list.csv").write_text("speaker,Path,label\nann,x/1.wav,yes\nbob,x/2.wav,no\n")
    found = from_path(str(tmp_path / "list.csv"), (), True)
    assert [sound.name for sound in found.sounds] == ["x/1.wav", "x/2.wav"] and list(found.lines) == [2, 3]
    assert found.label is not None and found.label["label"].to_list() == ["yes", "no"]
    assert found.cells["speaker"].tolist() == ["ann", "bob"]
    by_name = from_path(str(tmp_path / "list.csv"), ("speaker",), True)
    assert by_name.label is not None and by_name.label.columns == ["speaker"]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("path,label\nnone.wav,x\n", "DATA-FILE", 2),
        ("path,label\nx/1.wav,x\n,y\n", "DATA-FILE", 3),
        ("song,label\nx/1.wav,x\n", "DATA-CSV", None),
        ("path,a,b\nx/1.wav,x,y\n", "DATA-TARGET", None),
    ],
)
def test_a_table_that_leads_nowhere_is_refused_with_its_line(tmp_path: Path, text: str, code: str, line: int | None):
    (sounds(tmp_path, "x/1.wav") / "list.csv").write_text(text)
    with pytest.raises(DataError) as caught:
        from_path(str(tmp_path / "list.csv"), (), True)
    assert caught.value.code == code and caught.value.place.line == line


WAVES = {"waves": [hum(), hum(400)], "rate": 8000}


def test_waves_in_memory_and_in_a_file_are_the_same(tmp_path: Path):
    padded = np.zeros((2, 800))
    padded[0], padded[1, :400] = hum(), hum(400)
    rows = {
        "waves": padded,
        "rate": 8000,
        "lengths": [800, 400],
        "codes": [1, 0],
        "classes": ["no", "yes"],
        "split": [0, 2],
    }
    np.savez(tmp_path / "a.npz", **{name: np.array(value) for name, value in rows.items()})
    for found in (from_anything(rows, (), True), from_path(str(tmp_path / "a.npz"), (), True)):
        assert [sound.head().samples for sound in found.sounds] == [800, 400]
        assert found.label is not None and found.label["label"].to_list() == ["yes", "no"]
        assert found.cells["split"].tolist() == ["train", "test"] and not found.files
        assert np.allclose(found.sounds[1].wave(found.sounds[1].head())[:, 0], hum(400), atol=1e-6)
    named = from_anything({**WAVES, "labels": ["a", "b"]}, ("word",), True)
    assert named.label is not None and named.label["word"].to_list() == ["a", "b"]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ({"waves": [hum()]}, "DATA-ARRAY"),
        ({**WAVES, "label": [1, 2]}, "DATA-ARRAY"),
        ({**WAVES, "labels": [1]}, "DATA-ARRAY"),
        ({**WAVES, "rate": 0}, "DATA-ARRAY"),
        ({**WAVES, "codes": [0, 2], "classes": ["a", "b"]}, "DATA-ARRAY"),
        ({**WAVES, "split": [0, 3]}, "DATA-ARRAY"),
        ({"waves": [["a"], ["b"]], "rate": 8000}, "DATA-ARRAY"),
        (np.zeros((2, 3)), "DATA-MEMORY"),
    ],
)
def test_arrays_that_do_not_go_together_are_refused(rows: Any, code: str):
    with pytest.raises(DataError) as caught:
        from_anything(rows, (), True)
    assert caught.value.code == code


def test_a_list_of_files_and_one_file_are_sounds_without_labels(tmp_path: Path):
    file = str(sounds(tmp_path, "1.wav") / "1.wav")
    assert [len(from_anything(source, (), False).sounds) for source in (file, [file, file])] == [1, 2]


def test_embedded_sets_are_found_and_others_suggested():
    found = from_path("tones", (), True)
    assert len(found.sounds) == 1200 and "licence" in found.notes and found.label is not None
    assert found.label.columns == ["word"]
    with pytest.raises(DataError, match="does not exist") as caught:
        from_path("tonnes", (), True)
    assert "tones" in (caught.value.hint or "")
    with pytest.raises(DataError, match="no set of sounds"):
        from_path("iris", (), True)


def test_the_packaged_set_lists_its_files():
    missing = [package.name for package in packaged.LOADERS["languages"][1] if packages.found(package) is None]
    if missing:
        pytest.skip(f"not installed here: {', '.join(missing)}")
    found = from_path("languages", (), True)
    assert len(found.sounds) == 7190 and found.cells.keys() == {"stamp", "split"} and found.files
    assert audio_files.PART in found.cells
