from __future__ import annotations

from pathlib import Path

import pytest

from pellucid.data.image_names import class_names
from pellucid.errors import DataError

GOOD = {
    "classes.txt": ("sky\nsea \n", ("sky", "sea"), ()),
    "classes.csv": ("name,code\nsea,4\nsky,0\n", ("sky", "sea"), (0, 4)),
    "classes.json": ('["sky", "sea"]', ("sky", "sea"), ()),
}


@pytest.mark.parametrize("name", GOOD)
def test_names_beside_the_images(tmp_path: Path, name: str):
    text, names, marks = GOOD[name]
    (tmp_path / name).write_text(text)
    assert class_names([tmp_path / "none", tmp_path]) == (names, marks)


def test_colours_and_codes(tmp_path: Path):
    assert class_names([tmp_path]) == (None, ())
    (tmp_path / "classes.json").write_text('{"sea": 1, "sky": 0}')
    assert class_names([tmp_path]) == (("sky", "sea"), ())
    (tmp_path / "classes.csv").write_text("name, r, g, b\nroad, 128, 64, 0\nsky, 0, 0, 0\n")
    assert class_names([tmp_path]) == (("sky", "road"), (0, 0x804000))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("classes.txt", "sky\nsky\n"),
        ("classes.txt", ""),
        ("classes.csv", "name,code\nsky,none\n"),
        ("classes.csv", "what\nsky\n"),
        ("classes.json", "{"),
        ("classes.json", "3"),
        ("classes.json", '{"sea": 0, "sky": 0}'),
    ],
)
def test_a_file_that_names_no_classes(tmp_path: Path, name: str, text: str):
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=name) as caught:
        class_names([tmp_path])
    assert caught.value.code == "DATA-CLASS"
