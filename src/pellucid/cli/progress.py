"""Live progress: one moving line on a terminal, plain lines elsewhere; all of it on standard error."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

from pellucid.findings import Finding
from pellucid.record import Built, Evaluated, Event, Found, Step, Stopped

if TYPE_CHECKING:
    from pellucid.training.session import Session

BARS = "▁▂▃▄▅▆▇█"
WIDTH = 24
"""Evaluations in the sparkline."""
MOVING = 0.1
"""Seconds between two pictures on a terminal."""
PLAIN = 2.0
"""Seconds between two plain lines."""


def sparkline(values: list[float]) -> str:
    """The last values as bars from lowest to highest."""
    shown = [value for value in values[-WIDTH:] if value == value and abs(value) != float("inf")]
    if not shown:
        return ""
    low, span = min(shown), (max(shown) - min(shown)) or 1.0
    return "".join(BARS[min(7, int(8 * (value - low) / span))] for value in shown)


class Progress:
    """Shows the events of one training; as JSON lines, its findings are for programs."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.moving = sys.stderr.isatty()
        self.began = time.monotonic()
        self.shown = 0.0
        self.drawn = 0
        self.first: int | None = None
        self.losses: list[float] = []
        self.last: Evaluated | None = None

    def __call__(self, session: Session, event: Event) -> None:
        """Takes one event in."""
        now = time.monotonic()
        if isinstance(event, Step):
            self.first = event.step - 1 if self.first is None else self.first
            if self.moving and now - self.shown >= MOVING:
                self._show(session, event.step, event.epoch, event.loss, now)
        elif isinstance(event, Evaluated):
            self.losses.append(event.loss)
            self.last = event
            if self.moving or now - self.shown >= PLAIN:
                self._show(session, event.step, event.epoch, event.train_loss, now)
        elif isinstance(event, Stopped):
            if self.last is not None and not self.moving and self.drawn < event.step:
                self._show(session, event.step, self.last.epoch, self.last.train_loss, now)
            self._end(event)
        elif isinstance(event, Built):
            for finding in session.signature.findings:
                if finding.severity != "info":
                    self._tell(0, finding)
        elif isinstance(event, Found):
            self._tell(event.step, Finding(**event.finding))

    def _tell(self, step: int, finding: Finding) -> None:
        """A finding, on a line of its own above what moves."""
        if self.as_json:
            text = json.dumps({"event": "found", "step": step, "finding": finding.as_json()})
        else:
            text = f"step {step}: {finding}" if step else str(finding)
        sys.stderr.write(f"\r\x1b[2K{text}\n" if self.moving else f"{text}\n")
        sys.stderr.flush()

    def _show(self, session: Session, step: int, epoch: int, loss: float, now: float) -> None:
        self.shown, self.drawn = now, step
        epochs = -(-session.steps // session.per_epoch)
        words = [
            f"epoch {min(epoch + (self.moving and step % session.per_epoch > 0), epochs)}/{epochs}",
            f"loss {loss:.4f}",
        ]
        if self.last is not None:
            words.append(f"valid {self.last.loss:.4f}")
            words += [f"{name} {value:.4f}" for name, value in self.last.metrics.items()]
        words.append(sparkline(self.losses))
        done = step - (self.first or 0)
        left = (now - self.began) / max(done, 1) * (session.steps - step)
        words.append(f"{_clock(left)} left" if step < session.steps else _clock(now - self.began))
        text = "  ".join(word for word in words if word)
        sys.stderr.write(f"\r\x1b[2K{text}" if self.moving else f"{text}\n")
        sys.stderr.flush()

    def _end(self, event: Stopped) -> None:
        why = {
            "epochs": "all epochs are done",
            "patience": "no better for long enough",
            "target": "the loss is low enough",
        }
        text = f"stopped: {why[event.reason]}; the weights of step {event.best_step} are kept"
        sys.stderr.write(f"\n{text}\n" if self.moving else f"{text}\n")
        sys.stderr.flush()


def _clock(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
