"""PyTorch Lightning at its fastest honest setting: logger, checkpoints, bar and summary switched off."""

from __future__ import annotations

import logging
import time
import warnings

import torch
from networks import accuracy, network
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset
from workload import arrays, asked, say

warnings.filterwarnings("ignore")  # it advises about workers and loggers at every start
import pytorch_lightning as pl  # noqa: E402 - after the filter

logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)


class Module(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.network = network(workload, data)

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], _: int) -> torch.Tensor:
        x, y = batch
        return functional.cross_entropy(self.network(x), y)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=workload.learning_rate)


workload, seed = asked()
torch.manual_seed(seed)
data = arrays(workload)
module = Module()
pairs = TensorDataset(torch.from_numpy(data.x), torch.from_numpy(data.y))
trainer = pl.Trainer(
    max_epochs=workload.epochs,
    accelerator="cpu",
    logger=False,
    enable_checkpointing=False,
    enable_progress_bar=False,
    enable_model_summary=False,
)

begun = time.perf_counter()
trainer.fit(module, DataLoader(pairs, batch_size=workload.batch, shuffle=True))
seconds = time.perf_counter() - begun
say("lightning", workload, rows=len(data.x), seconds=seconds, accuracy=accuracy(module.network, data))
