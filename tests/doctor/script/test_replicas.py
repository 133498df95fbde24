"""What several processes write down of themselves, and what the first one reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.distributed import HashStore
from torch.nn.modules import module as modules

from pellucid.doctor.script import replicas
from pellucid.doctor.script.replicas import Replica, compared


def pair(steps: int, *, weights: tuple[float, float], rows: tuple[float, float]) -> dict[str, int]:
    """Two processes that train for so many steps, with weights and batches of these values."""
    store, both = HashStore(), [Replica(rank, 2) for rank in range(2)]
    for one, weight, row in zip(both, weights, rows, strict=True):
        one.store = store
        for _ in range(steps):
            one.runs((torch.full((4, 2), row),))
            one.runs((torch.zeros(4, 2),))  # a layer inside: the batch is known already
            one.stepped([{"params": [torch.full((3,), weight)]}])
    told = both[0].told()
    assert told is not None
    return told


def test_processes_that_train_as_one() -> None:
    told = pair(9, weights=(0.5, 0.5), rows=(1.0, 2.0))
    assert told == {"processes": 2, "alone": 0, "compared": 4, "differ": 0, "same": 0}


def test_weights_that_differ_and_batches_that_do_not() -> None:
    assert pair(4, weights=(0.5, 0.6), rows=(1.0, 2.0))["differ"] == 3
    assert pair(4, weights=(0.5, 0.5), rows=(1.0, 1.0))["same"] == 3


def test_nobody_waits_for_a_process_that_is_behind() -> None:
    first = Replica(0, 2)
    first.store = HashStore()
    first.stepped([{"params": [torch.ones(2)]}])
    told = first.told()
    assert told is not None and told["compared"] == 0


def test_processes_that_never_joined() -> None:
    lonely = Replica(0, 2)
    assert lonely.told() is None, "it did not train"
    lonely.stepped([{"params": [torch.ones(2)]}])
    told = lonely.told()
    assert told is not None and told["alone"] == 1


def test_weights_that_are_shared_out_are_left_alone() -> None:
    class FlatParameter(nn.Parameter):
        pass

    one = Replica(0, 2)
    one.store = HashStore()
    one.stepped([{"params": [FlatParameter(torch.ones(3))]}])
    assert one.told() is None


def test_a_process_of_its_own_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RANK", raising=False)
    with compared() as replica:
        assert replica is None


def test_a_fault_ends_the_following_and_not_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")

    def fail() -> None:
        raise RuntimeError("the store is gone")

    monkeypatch.setattr(replicas, "_store", fail)
    net = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    with compared() as replica:
        assert replica is not None
        for _ in range(3):
            net(torch.ones(2, 2)).sum().backward()
            optimizer.step()
        assert replica.step == 1, "it left at the first fault"
        assert not modules._global_forward_pre_hooks, "and took its hook along"


SCRIPT = """
import torch, torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
import sys
dist.init_process_group("gloo")
torch.manual_seed(dist.get_rank() if sys.argv[1] != "same" else 0)
net = nn.Linear(4, 1)
if sys.argv[1] != "bare":
    net = DistributedDataParallel(net)
optimizer = torch.optim.SGD(net.parameters(), 0.05)
for _ in range(30):
    x = torch.randn(8, 4)
    loss = nn.functional.mse_loss(net(x), x[:, :1])
    optimizer.zero_grad(); loss.backward(); optimizer.step()
dist.barrier()
dist.destroy_process_group()
"""


@pytest.mark.slow
@pytest.mark.parametrize(("how", "check"), [("bare", "replicas-differ"), ("same", "same-batches"), ("well", "")])
def test_two_processes(how: str, check: str, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT, encoding="utf-8")
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run([*run, "-m", "pellucid", "doctor", str(script), how], capture_output=True, text=True,
                          env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=240, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = [name for name in ("replicas-differ", "same-batches") if f"[{name}]" in done.stderr]
    assert found == ([check] if check else []), done.stderr[-2000:]
