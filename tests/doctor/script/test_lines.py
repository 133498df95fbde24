"""Lines of a person's own code, not those of libraries."""

from __future__ import annotations

from torch import nn

from pellucid.doctor.script.lines import _cell, _personal, user_line


def test_the_innermost_line_of_a_person_is_named() -> None:
    assert user_line().startswith("test_lines.py:")


def test_libraries_and_pellucid_are_no_person() -> None:
    assert not _personal(nn.__file__) and not _personal(user_line.__code__.co_filename) and not _personal("<string>")


def test_cells_of_a_notebook_are_a_persons() -> None:
    assert _cell("/tmp/ipykernel_77/123.py") and _cell("<ipython-input-3-a>") and not _cell("/home/a/train.py")
    assert _personal("<ipython-input-3-a>")
