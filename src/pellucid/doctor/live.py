"""The doctor beside a training: it looks at some of the readings as they come, and says each finding once."""

from __future__ import annotations

import math
from pathlib import Path

from pellucid.doctor.check import Check
from pellucid.doctor.diagnose import diagnose
from pellucid.doctor.run import Account
from pellucid.findings import Finding
from pellucid.parts import kinds, load_kind
from pellucid.record import Event, Found, Step, Stopped, events_in
from pellucid.training import engine
from pellucid.training.session import Session

FIRST = (1, 20, 100)
"""Steps from which a reading is looked at in any case: the first batch, the first steps, and when it is time to be
better than a constant (`history.EARLY`)."""
LOOK, LOOK_STEP = 5e-3, 3e-6
"""Seconds that a look takes, and those for each step so far."""
BUDGET = 0.005
"""Share of the time that looks may take."""
GROWTH = 4
"""Times the step of the last look at which there is another one in any case: of the smallest networks too."""
PART = 8
"""Looks are at least so small a part of the training apart."""


class Live:
    """Is given every event of a training, and answers with what is new."""

    def __init__(self, session: Session) -> None:
        self.account = Account(session.recipe.dump(), session.signature, session.steps)
        self.silent = session.recipe.doctor.ignore
        self.gap = max(1, session.steps // PART)
        self.step = engine.step_seconds(session.layers, len(session.dataset.train) // max(1, session.per_epoch))
        """Seconds, as the lock has them for the probes: the same on every machine."""
        self.next: float = FIRST[0]
        """The step from which the next reading is looked at."""
        self.told: set[str] = set()
        """Checks that have spoken."""
        for kind in kinds(Check):
            load_kind(Check, kind)  # two tenths of a second, which no step should take
        self.last: list[Finding] | None = None
        """Everything there is to say of a training that is over, also what only informs."""
        self.faults: dict[str, str] = {}
        """Check -> the traceback of its last failure."""

    def go_on(self, folder: Path) -> None:
        """Takes in what the record of a run that is resumed holds."""
        path = folder / "record.jsonl"
        for event in events_in(path) if path.exists() else ():
            self._due(event)
            self.account.note(event)
            if isinstance(event, Found):
                self.told.add(event.finding["check"])

    def __call__(self, event: Event) -> list[Finding]:
        """What an event makes known, the cause first; what only informs is left to the end."""
        self.account.note(event)
        if not self._due(event):
            return []
        found = diagnose(self.account.history(), self.silent, self.faults)
        new = [one for one in found if one.severity != "info" and one.check not in self.told]
        if isinstance(event, Stopped):
            self.last = found
        else:  # what a training comes to is known at its end
            new = [one for one in new if load_kind(Check, one.check).cause != "generalisation"]
        self.told |= {one.check for one in new}
        return new

    def _due(self, event: Event) -> bool:
        """Whether it is time to look: a function of the events alone, so a resumed run finds the same."""
        if isinstance(event, Stopped):
            return True
        read = self.account.readings
        if not isinstance(event, Step) or event.step < self.next or not read or read[-1].step != event.step:
            return False
        spare = BUDGET * self.step - LOOK_STEP  # what a step leaves for the look behind it, where it leaves anything
        pause = max(self.gap, (LOOK + LOOK_STEP * event.step) / spare) if spare > 0 else math.inf
        later = event.step + min(pause, (GROWTH - 1) * event.step)
        self.next = next((first for first in FIRST if first > event.step), later)
        return True
