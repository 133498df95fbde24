"""Runs Pellucid and its peers in turn, each in a fresh process, and prints medians and ratios.

    scripts/bench                       # both workloads, three runs each
    scripts/bench digits --runs 5 --peers pellucid,torch --json figures.json

The wall time is that of the whole process: interpreter, imports, data, training, scoring. Interleaving the peers lets a
disturbance of the machine fall on all of them; a run whose cores were mostly idle or starved shows in `cpu / wall`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from machine import machine

HERE = Path(__file__).parent
PELLUCID = Path(sys.executable).parent / "pellucid"
REFERENCE = "torch"
"""The peer whose medians the ratios are taken over."""
LIMIT = 900.0
"""Seconds after which a run is given up."""

SETTINGS = {
    "digits": ("model.kind=mlp", "model.widths=[128,128]", "method.batch=32", "method.epochs=30"),
    "mnist10k": ("model.kind=cnn", "model.channels=[32,64]", "model.convolutions=1", "model.hidden=[128]",
                 "model.norm=none", "model.dropout=0", "method.batch=128", "method.epochs=3"),
}  # fmt: skip
"""The workloads of `peers/workload.py` as Pellucid's settings."""
PEERS = {
    "torch": "plain_torch.py",
    "lightning": "lightning.py",
    "skorch": "skorch_net.py",
    "keras": "keras_torch.py",
    "scikit-learn": "scikit_learn.py",
}
OURS = {"pellucid": ("--no-report",), "pellucid-report": ()}
"""Pellucid without and with its report, which the peers have no counterpart of."""
NOT_FOR = {"mnist10k": {"scikit-learn"}}
"""Workload -> the peers that cannot do it."""


@dataclass(frozen=True)
class Figures:
    """What one process cost and reached."""

    wall_seconds: float
    cpu_seconds: float
    peak_mib: float
    examples_per_second: float
    accuracy: float


def run(peer: str, workload: str, seed: int, peers_python: Path) -> Figures:
    """Runs one peer once.

    Raises: RuntimeError where it fails or takes longer than `LIMIT`.
    """
    with tempfile.TemporaryDirectory() as folder:
        if peer in OURS:
            settings = [word for setting in SETTINGS[workload] for word in ("--set", setting)]
            options = ["--seed", str(seed), "--run", f"{folder}/run", "--quiet", "--json", *OURS[peer]]
            command = [str(PELLUCID), "train", workload, *settings, *options]
        else:
            command = [str(peers_python.absolute()), str(HERE / "peers" / PEERS[peer]), workload, "--seed", str(seed)]
        said = Path(folder) / "said"
        with said.open("wb") as out:
            begun = time.perf_counter()
            quiet = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": subprocess.STDOUT}
            child = subprocess.Popen(command, cwd=folder, **quiet)
            status, usage = _wait(child)
            wall = time.perf_counter() - begun
        lines = said.read_text(encoding="utf-8").splitlines()
    if status != 0 or not lines:
        raise RuntimeError(f"{peer} on {workload}: exit status {status}\n" + "\n".join(lines[-5:]))
    answer = json.loads(next(line for line in reversed(lines) if line.startswith("{")))
    score = answer["metrics"]["test"]["accuracy"] if peer in OURS else answer["accuracy"]
    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux KiB
    cpu = usage.ru_utime + usage.ru_stime
    return Figures(wall, cpu, usage.ru_maxrss / unit, answer["examples_per_second"], score)


def _wait(child: subprocess.Popen[bytes]) -> tuple[int, resource.struct_rusage]:
    """The exit status of a child and what it used; a child that takes too long is killed."""
    clock = threading.Timer(LIMIT, child.kill)
    clock.start()
    _, status, usage = os.wait4(child.pid, 0)  # not child.wait: it does not say what the child used
    clock.cancel()
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, usage


def medians(runs: Sequence[Figures]) -> Figures:
    """The median of each figure."""
    columns = zip(*(asdict(figures).values() for figures in runs), strict=True)
    return Figures(*(statistics.median(column) for column in columns))


def table(middle: dict[str, Figures]) -> str:
    """The medians of one workload, the fastest process first, beside their ratios to the reference."""
    lines = ["| peer | wall s | x wall | examples/s | x examples/s | cpu / wall | peak MiB | test accuracy |"]
    lines.append("| --- " + "| ---: " * 7 + "|")
    base = middle.get(REFERENCE) or next(iter(middle.values()))
    for peer, f in sorted(middle.items(), key=lambda item: item[1].wall_seconds):
        wall, speed = f.wall_seconds / base.wall_seconds, f.examples_per_second / base.examples_per_second
        lines.append(
            f"| {peer} | {f.wall_seconds:.2f} | {wall:.2f} | {f.examples_per_second:,.0f} | {speed:.2f} "
            f"| {f.cpu_seconds / f.wall_seconds:.2f} | {f.peak_mib:,.0f} | {f.accuracy:.4f} |"
        )
    return "\n".join(lines)


def main() -> int:
    """Reads the command line, runs, prints; returns 1 where a peer failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=f"of {', '.join(SETTINGS)}; none given: all")
    parser.add_argument("--peers", default=",".join([*OURS, *PEERS]), metavar="A,B", help="none given: all")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure here")
    parser.add_argument(
        "--peers-python", type=Path, default=Path(sys.executable), metavar="FILE", help="what runs them"
    )
    given = parser.parse_args()
    if unknown := set(given.workloads) - SETTINGS.keys():
        parser.error(f"no workload {', '.join(sorted(unknown))}; there are {', '.join(SETTINGS)}")
    if unknown := set(given.peers.split(",")) - OURS.keys() - PEERS.keys():
        parser.error(f"no peer {', '.join(sorted(unknown))}; there are {', '.join([*OURS, *PEERS])}")
    told: dict[str, dict[str, list[Figures]]] = {}
    failed = False
    for workload in given.workloads or SETTINGS:
        found = told.setdefault(workload, {})
        peers = [peer for peer in given.peers.split(",") if peer not in NOT_FOR.get(workload, ())]
        for seed in range(given.runs):
            for peer in peers:
                try:
                    figures = run(peer, workload, seed, given.peers_python)
                except RuntimeError as fault:
                    failed = True
                    print(fault, file=sys.stderr)
                    continue
                found.setdefault(peer, []).append(figures)
                print(f"{workload} {seed} {peer}: {figures.wall_seconds:.2f} s", file=sys.stderr)
        if found:
            print(f"\n{workload}, median of {given.runs}\n")
            print(table({peer: medians(runs) for peer, runs in found.items()}))
    if given.json:
        values = {w: {p: [asdict(f) for f in runs] for p, runs in found.items()} for w, found in told.items()}
        given.json.write_text(json.dumps({"machine": machine(), "runs": values}, indent=1) + "\n", encoding="utf-8")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
