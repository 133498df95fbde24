"""skorch: a torch module behind scikit-learn's interface, without a validation part or a printed log."""

from __future__ import annotations

import time

import torch
from networks import accuracy, network
from skorch import NeuralNetClassifier
from torch import nn
from workload import arrays, asked, say

workload, seed = asked()
torch.manual_seed(seed)
data = arrays(workload)
classifier = NeuralNetClassifier(
    network(workload, data),
    criterion=nn.CrossEntropyLoss,
    optimizer=torch.optim.Adam,
    lr=workload.learning_rate,
    max_epochs=workload.epochs,
    batch_size=workload.batch,
    iterator_train__shuffle=True,
    train_split=None,
    verbose=0,
)

begun = time.perf_counter()
classifier.fit(data.x, data.y)
seconds = time.perf_counter() - begun
say("skorch", workload, rows=len(data.x), seconds=seconds, accuracy=accuracy(classifier.module_, data))
