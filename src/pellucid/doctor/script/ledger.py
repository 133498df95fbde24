"""The ledger of a watched training: the count of steps, and facts whose numbers may still lie on a device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import Tensor

from pellucid.doctor.history import Fact
from pellucid.probes.gauge import Later

Value = float | int | str | Tensor


class Ledger:
    """Facts in their order, and whether the step that runs is looked at closely."""

    def __init__(self) -> None:
        self.step = 0
        """Updates made."""
        self.close = True
        """Whether this step is one that is looked at closely."""
        self.facts: list[Fact] = []
        self._said: set[tuple[str, str]] = set()
        self._waiting: list[tuple[Fact, list[str], list[Tensor]]] = []

    def note(self, kind: str, place: str = "", line: str = "", **values: Value) -> None:
        """Writes a fact down; tensors among its values are read at the end of the step."""
        known: dict[str, float | int | str] = {}
        names: list[str] = []
        tensors: list[Tensor] = []
        for name, value in values.items():
            if isinstance(value, Tensor):
                names.append(name)
                tensors.append(value)
            else:
                known[name] = value
        fact = Fact(kind, self.step, place, known, line)
        self.facts.append(fact)
        if names:
            self._waiting.append((fact, names, tensors))

    def once(self, kind: str, place: str = "", line: str = "", **values: Value) -> None:
        """Writes a fact down unless that kind was noted of that place."""
        if (kind, place) not in self._said:
            self._said.add((kind, place))
            self.note(kind, place, line, **values)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What is noted inside is forgotten afterwards: the training may go on."""
        facts, said = self.facts, self._said
        self.facts, self._said = list(facts), set(said)
        try:
            yield
        finally:
            self.facts, self._said = facts, said

    def seen(self, kind: str) -> Iterator[Fact]:
        """The facts of a kind so far."""
        return (fact for fact in self.facts if fact.kind == kind)

    def waiting(self) -> list[Later[None]]:
        """The numbers that facts still lack; they are theirs once these are read."""
        late = [Later(tensors, _filler(fact, names)) for fact, names, tensors in self._waiting]
        self._waiting = []
        return late


def _filler(fact: Fact, names: list[str]) -> Callable[[list[float]], None]:
    def fill(numbers: list[float]) -> None:
        fact.values.update(zip(names, numbers, strict=True))

    return fill
