from __future__ import annotations

import numpy as np
import pytest

from pellucid.data import packaged, packages
from pellucid.data.embedded import EMBEDDED
from pellucid.data.packaged import LOADERS
from pellucid.errors import DataError


def test_every_set_without_a_file_has_a_loader():
    assert {name for name, item in EMBEDDED.items() if not item.file} == set(LOADERS)
    for _, needed in LOADERS.values():
        assert all(len(package.digest) == 64 and package.install.split()[1] == "install" for package in needed)


def test_what_is_drawn_needs_no_package():
    drawn = [name for name, (_, needed) in LOADERS.items() if not needed]
    assert {"copy100", "adding100", "tones"} <= set(drawn)
    assert np.array_equal(packaged.arrays("copy10")["values"], packaged.arrays("copy10")["values"])


@pytest.mark.parametrize("name", [name for name, (_, needed) in LOADERS.items() if needed])
def test_a_missing_package_is_named_with_its_command(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(packages.VARIABLE, raising=False)
    missing = [package for package in LOADERS[name][1] if packages.found(package) is None]
    if not missing:
        pytest.skip(f"the packages of {name} are installed here")
    with pytest.raises(DataError, match="is not installed") as caught:
        packaged.table(name)
    assert any(package.install in (caught.value.hint or "") for package in missing)
