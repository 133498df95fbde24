from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch
from torch.utils import deterministic

from pellucid import devices
from pellucid.errors import ResourceError


def test_the_machine_is_what_it_is():
    facts = devices.machine()
    assert 1 <= facts.cores <= (os.cpu_count() or 1)
    assert facts.memory > 1 << 28
    assert devices.machine() is facts


def test_a_device_is_picked_or_refused():
    found = devices.machine().accelerator
    assert devices.pick("auto") == (found or "cpu")
    assert devices.pick("cpu") == "cpu"
    missing = "mps" if found != "mps" else "cuda"
    with pytest.raises(ResourceError, match=f"no {missing} device here") as caught:
        devices.pick(missing)
    assert caught.value.exit_code == 5


def test_settings_hold_inside_and_are_put_back_even_after_a_fault():
    def now() -> tuple[int, bool, bool]:
        return (
            torch.get_num_threads(),
            torch.are_deterministic_algorithms_enabled(),
            deterministic.fill_uninitialized_memory,
        )

    before = now()
    other = 2 if before[0] == 1 else 1
    with pytest.raises(KeyError), devices.computing(other):
        assert now() == (other, True, False)
        raise KeyError
    assert now() == before
    with devices.computing(None):
        assert now()[0] == before[0]
    assert now() == before


def test_exactness_names_torch_without_its_build():
    facts = devices.exactness()
    assert facts["torch"] == torch.__version__.split("+")[0]
    assert facts["capability"] and facts["processor"] and facts["system"]
    assert facts == devices.exactness()


@pytest.mark.parametrize("given, expected", [({}, "20000"), ({"OMP_WAIT_POLICY": "passive"}, "None")])
def test_busy_waiting_is_bounded_unless_somebody_chose(given: dict[str, str], expected: str):
    code = "import os; from pellucid import devices; devices.set_spin_count(); print(os.environ.get('GOMP_SPINCOUNT'))"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_"))}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**environment, **given}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == expected
