"""Scripts that leave the loop to Lightning or to Hugging Face: a planted fault is found, its healthy twin is not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

LIGHTNING = """
import sys
import pytorch_lightning as pl
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset


class Net(pl.LightningModule):
    def __init__(self, faulty):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 4))
        if faulty:
            self.layers.append(nn.Softmax(1))

    def forward(self, x):
        return self.layers(x)

    def training_step(self, batch, number):
        return functional.cross_entropy(self(batch[0]), batch[1])

    def validation_step(self, batch, number):
        self.log("loss", functional.cross_entropy(self(batch[0]), batch[1]))

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.01)


torch.manual_seed(0)
x = torch.randn(640, 8)
y = (x @ torch.linspace(-1, 1, 32).reshape(8, 4)).argmax(1)
rows = TensorDataset(x, y)
trainer = pl.Trainer(max_epochs=12, accelerator="cpu", logger=False, enable_checkpointing=False,
                     enable_progress_bar=False, enable_model_summary=False)
trainer.fit(Net("faulty" in sys.argv), DataLoader(rows, 32, shuffle=True), DataLoader(rows, 128))
print("trained")
"""
HUGGING_FACE = """
import sys
import torch
from torch import nn
from torch.nn import functional
from transformers import Trainer, TrainingArguments


class Net(nn.Module):
    def __init__(self, faulty):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 4))
        if faulty:
            self.layers.append(nn.Softmax(1))

    def forward(self, x, labels):
        logits = self.layers(x)
        return {"loss": functional.cross_entropy(logits, labels), "logits": logits}


torch.manual_seed(0)
x = torch.randn(640, 8)
y = (x @ torch.linspace(-1, 1, 32).reshape(8, 4)).argmax(1)
rows = [{"x": one, "labels": label} for one, label in zip(x, y)]
given = TrainingArguments(output_dir=sys.argv[1], num_train_epochs=12, per_device_train_batch_size=32, report_to=[],
                          learning_rate=0.01, save_strategy="no", use_cpu=True,
                          disable_tqdm=True, logging_strategy="no")
Trainer(Net("faulty" in sys.argv), given, train_dataset=rows).train()
print("trained")
"""


def findings(code: str, words: list[str], folder: Path) -> list[str]:
    """The checks that speak of a script, with their severity, those that only inform left out."""
    script, told = folder / "train.py", folder / "told.json"
    script.write_text(code, encoding="utf-8")
    command = [sys.executable, "-m", "pellucid", "doctor", "--json", str(told), str(script), str(folder), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0 and "trained" in done.stdout, done.stderr
    said = json.loads(told.read_text(encoding="utf-8"))
    assert said["steps"] == 240 and said["faults"] == []
    return [f"{one['severity']} {one['check']}" for one in said["findings"] if one["severity"] != "info"]


@pytest.mark.slow
@pytest.mark.parametrize("code", [LIGHTNING, HUGGING_FACE], ids=["lightning", "hugging-face"])
def test_the_trainers_of_others_are_watched(code: str, tmp_path: Path) -> None:
    (tmp_path / "faulty").mkdir()
    (tmp_path / "healthy").mkdir()
    assert findings(code, ["faulty"], tmp_path / "faulty")[0] == "severe softmax-twice"
    assert findings(code, [], tmp_path / "healthy") == []
