"""Small trainings under watch."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pellucid.doctor.script.hooks import installed
from pellucid.doctor.script.watch import Outcome, Watch


@pytest.fixture(scope="session")
def watched() -> Callable[[Callable[[], object]], Outcome]:
    """Runs a training under watch; a fault of the doctor fails the test."""

    def run(training: Callable[[], object]) -> Outcome:
        watch = Watch()
        with installed(watch):
            training()
        outcome = watch.outcome(0)
        assert outcome.faults == ()
        return outcome

    return run
