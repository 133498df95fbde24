"""The command line as a process of its own: started, killed, signalled, and what it left on the disk."""

from __future__ import annotations

import io
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pellucid.cli.app import run

LONGEST = 120.0
"""Seconds that no process of these tests may take."""

RECIPES = {
    # categories, missing cells, batch norm, dropout, noise, a schedule that reads the scores, odd cadences
    "table": """
data: {path: titanic, augment: [{kind: noise, scale: 0.1}]}
model: {kind: mlp, widths: [32, 16], norm: batch, dropout: 0.2}
method: {epochs: 9, batch: 32}
optimizer: {kind: adamw, schedule: {kind: plateau, patience: 1}}
penalties: [{kind: l1, alpha: 0.0001}]
evaluate: {every: 17}
checkpoint: {every: 5}
stop: {patience: 50}
threads: 1
seed: 3
""",
    # mixup, momentum, max-norm, one cycle, early stopping that stops
    "numbers": """
data: {path: breast_cancer, augment: [{kind: mixup, alpha: 0.4}]}
model: {kind: mlp, widths: [24], norm: batch, dropout: 0.3}
method: {epochs: 60, batch: 16}
optimizer: {kind: sgd, momentum: 0.9, learning_rate: 0.2, schedule: {kind: one_cycle}}
constraints: [{kind: max_norm, limit: 2.0}]
evaluate: {every: 11}
checkpoint: {every: 6}
stop: {patience: 9, metric: roc_auc}
threads: 1
seed: 4
""",
    # convolutions, shifts, accumulation, clipping, a running average, cosine
    "images": """
data: {path: digits, augment: [{kind: shift, share: 0.1}]}
model: {kind: cnn, channels: [4, 8], hidden: [16], dropout: 0.2}
method: {epochs: 6, batch: 32, accumulate: 2}
optimizer: {kind: adamw, learning_rate: 0.003, clip: 1.0, schedule: {kind: cosine}}
averaging: {kind: ema, decay: 0.9}
evaluate: {every: 7}
checkpoint: {every: 4}
stop: {patience: 12}
precision: float32
threads: 1
""",
    # residual blocks, dropout of maps, the frames of a clip taken together, turned and mixed
    "clips": """
data: {path: clips, augment: [{kind: rotate}, {kind: mixup}]}
model: {kind: frames, difference: true, image: {kind: resnet, width: 4, dropout: 0.2}}
method: {epochs: 3, batch: 16}
optimizer: {kind: adamw, learning_rate: 0.003, schedule: {kind: one_cycle}}
evaluate: {every: 9}
checkpoint: {every: 2}
precision: float32
threads: 1
""",
    # masks that are moved with their images, a running average, a schedule that reads the scores
    "masks": """
data: {path: nuclei, augment: [{kind: flip, vertical: 0.5}, {kind: rotate, degrees: 180}]}
model: {kind: unet, width: 4, depth: 2, dropout: 0.2}
method: {epochs: 16, batch: 8}
optimizer: {kind: adamw, learning_rate: 0.003, schedule: {kind: plateau, patience: 1}}
averaging: {kind: ema, decay: 0.9}
evaluate: {every: 7}
checkpoint: {every: 2}
precision: float32
threads: 1
""",
    # boxes, a feature pyramid, clipping, a metric that chooses the weights
    "boxes": """
data: {path: shapes, augment: [{kind: shift}, {kind: scale}, {kind: erase}]}
task: detection
model: {kind: vgg, depth: 11, width: 4, dropout: 0.2}
method: {epochs: 2, batch: 16}
optimizer: {kind: adamw, learning_rate: 0.003, clip: 1.0}
evaluate: {every: 30}
checkpoint: {every: 2}
stop: {metric: map50, patience: 9}
precision: float32
threads: 1
""",
    # a state that is carried from batch to batch, recurrent dropout, clipping
    "letters": """
data: {path: melodies, window: 32}
model: {kind: lstm, width: 24, stateful: true, dropout: 0.2}
method: {epochs: 4, batch: 16}
optimizer: {kind: adamw, learning_rate: 0.01, clip: 1.0}
evaluate: {every: 20}
checkpoint: {every: 3}
precision: float32
threads: 1
""",
    # an encoder and a decoder, words left out, a running average, label smoothing
    "sentences": """
data: {path: toy_translation, augment: [{kind: token_dropout}]}
task: {kind: translation, beam: 2, loss: {kind: cross_entropy, label_smoothing: 0.1}}
model: {kind: transformer, width: 16, depth: 1, heads: 2}
method: {epochs: 2, batch: 64}
optimizer: {kind: adamw, learning_rate: 0.003, schedule: {kind: one_cycle}}
averaging: {kind: ema, decay: 0.9}
evaluate: {every: 20}
checkpoint: {every: 2}
precision: float32
threads: 1
""",
    # noise in the windows of a series, a band of quantiles, both directions
    "futures": """
data: {path: airline, augment: [{kind: jitter}]}
model: {kind: gru, width: 12, bidirectional: true, dropout: 0.2}
method: {epochs: 30, batch: 8}
optimizer: {kind: adamw, learning_rate: 0.003, schedule: {kind: plateau, patience: 1}}
evaluate: {every: 16}
checkpoint: {every: 6}
precision: float32
threads: 1
""",
}


@dataclass
class Ended:
    """How a process ended."""

    code: int
    out: str
    err: str


@dataclass
class Shell:
    """Runs `pellucid` in `folder`."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def recipe(self, name: str, **changes: str) -> Path:
        """A recipe file; `changes` replace words of it."""
        text = RECIPES[name]
        for old, new in changes.items():
            text = text.replace(old, new)
        path = self.folder / f"{name}.yaml"
        path.write_text(text)
        return path

    def start(
        self, *words: object, cwd: Path | None = None, before: Callable[[], None] | None = None, **environment: str
    ) -> subprocess.Popen[str]:
        """The process of `pellucid WORDS`, the leader of a group of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", "pellucid", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd or self.folder,
            env={**os.environ, "OMP_NUM_THREADS": "1", **self.environment, **environment},
            start_new_session=True,
            preexec_fn=before,
        )
        self.started.append(process)
        return process

    def run(
        self, *words: object, cwd: Path | None = None, before: Callable[[], None] | None = None, **environment: str
    ) -> Ended:
        """How `pellucid WORDS` ended."""
        return self.ended(self.start(*words, cwd=cwd, before=before, **environment))

    def here(self, *words: object) -> Ended:
        """How `pellucid WORDS` ends in this process, which has torch loaded already."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run([str(word) for word in words])
        return Ended(code, out.getvalue(), err.getvalue())

    def train(self, recipe: Path, run: Path, *words: object) -> Ended:
        """How training ends in this process, without progress and report."""
        return self.here("train", recipe, "--run", run, "--quiet", "--no-report", *words)

    def resume(self, run: Path, *words: object) -> Ended:
        """How resuming ends in this process."""
        return self.here("resume", run, "--quiet", "--no-report", *words)

    def ended(self, process: subprocess.Popen[str]) -> Ended:
        """Waits for the end of a process."""
        out, err = process.communicate(timeout=LONGEST)
        return Ended(process.returncode, out, err)

    def wait_until(self, process: subprocess.Popen[str], seen: Callable[[], bool], every: int = 1) -> bool:
        """Looks every few milliseconds until `seen`, the end of the process or `LONGEST`; whether it was seen."""
        with _ending(process) as poll:
            end = time.monotonic() + LONGEST
            while time.monotonic() < end:
                if seen():
                    return True
                if poll.poll(every):
                    return seen()
        return False

    def pause(self, process: subprocess.Popen[str], seconds: float) -> bool:
        """Lets a process run for so long; whether it still does."""
        with _ending(process) as poll:
            return not poll.poll(1000 * seconds)

    def kill(self, process: subprocess.Popen[str]) -> None:
        """SIGKILL to the whole group."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=LONGEST)

    def differing(self, run: Path, other: Path) -> list[str]:
        """The names of what differs between two finished runs, and of what should not be left over."""
        one, two = result(run), result(other)
        left = [str(path) for path in run.rglob(".tmp-*")]
        return left + sorted(name for name in one.keys() | two.keys() if one.get(name) != two.get(name))


@contextmanager
def _ending(process: subprocess.Popen[str]) -> Iterator[select.poll]:
    """Something to poll that is ready when the process ends."""
    descriptor = os.pidfd_open(process.pid)
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    try:
        yield poll
    finally:
        os.close(descriptor)


def result(run: Path) -> dict[str, bytes]:
    """Everything of a finished run that is a function of recipe and data alone."""
    last = max((run / "checkpoints").iterdir(), key=lambda path: path.name)
    files = [run / "model" / "weights.safetensors", run / "record.jsonl", run / "best.json", *sorted(last.iterdir())]
    return {f"{file.parent.name}/{file.name}".replace(run.name, "run"): file.read_bytes() for file in files}


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """The command line in a folder of its own; what it started is ended with the test."""
    yield from _shell(tmp_path)


@pytest.fixture(scope="module")
def shared_shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A command line for what several tests of a file look at."""
    yield from _shell(tmp_path_factory.mktemp("shared"))


def _shell(folder: Path) -> Iterator[Shell]:
    made = Shell(folder)
    yield made
    for process in made.started:
        if process.poll() is None:
            made.kill(process)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture(scope="module")
def whole(shared_shell: Shell) -> Callable[[str], Path]:
    """The folder of an uninterrupted run of a recipe by name; trained once a file."""
    made: dict[str, Path] = {}

    def get(name: str) -> Path:
        if name not in made:
            run = shared_shell.folder / f"whole-{name}"
            end = shared_shell.train(shared_shell.recipe(name), run)
            assert end.code == 0, end.err
            made[name] = run
        return made[name]

    return get
