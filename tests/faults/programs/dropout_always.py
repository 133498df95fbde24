"""The functional dropout is not told whether the model is training, so it strikes at evaluation too."""

import torch
import torch.nn.functional as F
from data import clusters
from program import arguments, tell
from torch import nn


class Net(nn.Module):
    def __init__(self, tell_dropout: bool) -> None:
        super().__init__()
        self.tell_dropout = tell_dropout
        self.fc1 = nn.Linear(16, 96)
        self.fc2 = nn.Linear(96, 6)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.dropout(x, 0.5, training=self.training if self.tell_dropout else True)
        return self.fc2(x)


options = arguments()
x, y, x_test, y_test = clusters(options.seed)
model = Net(tell_dropout=options.healthy)
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(10):
    model.train()
    for rows in torch.randperm(len(x)).split(50):
        loss = F.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        accuracy = (model(x_test).argmax(1) == y_test).float().mean().item()
    print(f"{epoch}: {accuracy:.3f}")
tell(accuracy)
