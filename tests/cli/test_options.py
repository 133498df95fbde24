"""`--set` and `--code`, as every verb reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pellucid.cli.options import read_code_file, read_settings
from pellucid.errors import UsageError


def test_settings_are_values_by_path() -> None:
    given = ["model.widths=[64, 64]", " seed = 3", "data.path=a=b", "stop.patience=null", "device=cpu"]
    assert read_settings(given) == {
        "model.widths": [64, 64],
        "seed": 3,
        "data.path": "a=b",
        "stop.patience": None,
        "device": "cpu",
    }
    assert read_settings(None, seed=3, device=None) == {"seed": 3}
    assert read_settings(["seed=1"], seed=3) == {"seed": 3}


@pytest.mark.parametrize("given", ["widths", "=3", ""])
def test_a_setting_needs_a_path(given: str) -> None:
    with pytest.raises(UsageError, match="expected PATH=VALUE"):
        read_settings([given])


def test_code_is_run_and_its_public_names_taken(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("def build():\n    return 3\n\n\ndef _own():\n    return 4\n\n\nSIZE = 5\n")
    code = read_code_file(tmp_path / "net.py")
    assert code is not None and set(code.names) == {"build"}
    assert read_code_file(None) is None
    with pytest.raises(UsageError, match="no such file"):
        read_code_file(tmp_path / "other.py")
