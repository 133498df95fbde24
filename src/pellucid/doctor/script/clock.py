"""How long the doctor takes and the script would without it, and when it may look closely again."""

from __future__ import annotations

import math
import time

SHARE = 0.01
"""Share of the time of a training that the doctor may take."""
DENSE = 20
"""First steps, which are all looked at closely: most faults show there."""
SMALL = 0.005
"""Seconds of a step below which a training is over so soon that some looks may cost more than their share."""
DEAR = 0.2
"""Cost of a close look over the time of a long step above which only half of the first steps are all looked at."""
WIDEST = 200
"""Steps between two close looks, at most."""


class Clock:
    """Measures own time by the processor's time of this thread, and steps by the wall."""

    def __init__(self) -> None:
        self.own = 0.0
        """Seconds of processor time the doctor took."""
        self.close = 0.0
        """Mean seconds of a step that was looked at closely, by the doctor."""
        self.plain = 0.0
        """Mean seconds of a step without the doctor's."""
        self.steps = 0
        self.total = 0.0
        self._began: float | None = None
        self._own_before = 0.0
        self._last = 0

    def tick(self, step: int, was_close: bool) -> bool:
        """A step is over; returns whether the next one is to be looked at closely."""
        now, spent = time.perf_counter(), self.own - self._own_before
        if self._began is not None:
            wall = max(now - self._began - spent, 1e-9)
            self.steps += 1
            self.total += wall
            self.plain += (wall - self.plain) / min(self.steps, 50)
            if was_close:
                self.close += (spent - self.close) / min(self.steps, 5)
        self._began, self._own_before = now, self.own
        if was_close:
            self._last = step
        return step < self.dense or step - self._last + 1 >= self.interval(step)

    @property
    def dense(self) -> int:
        """First steps that are all looked at."""
        return DENSE if self.plain < SMALL or self.close < DEAR * self.plain else DENSE // 2

    def interval(self, step: int) -> int:
        """Steps from one close look to the next that keep to the share, dense again the longer a short run lasts."""
        if step < DENSE:
            return 4
        owed = max(0.0, self.own - SHARE * self.total)
        affordable = (self.close + owed / 10) / max(SHARE * self.plain, 1e-12)
        widest = max(DENSE, step // 5) if self.plain < SMALL else max(2 * DENSE, step // 2)
        return max(1, min(math.ceil(affordable), WIDEST, widest))

    @property
    def share(self) -> float:
        """The doctor's own time over that of the steps."""
        return self.own / self.total if self.total else 0.0
