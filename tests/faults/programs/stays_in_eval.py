"""After a first look at the validation rows the model stays in eval mode: its batch norms norm nothing."""

import torch
from data import digits
from program import arguments, tell
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

options = arguments()
x, y, x_test, y_test = digits(options.seed)
train_loader = DataLoader(TensorDataset(x[:500], y[:500]), batch_size=25, shuffle=True)
test_loader = DataLoader(TensorDataset(x_test, y_test), batch_size=200)
blocks = [nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU()) for _ in range(6)]
model = nn.Sequential(*blocks, nn.Dropout(0.1), nn.Linear(64, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)


def validate() -> float:
    model.eval()
    right = 0
    with torch.no_grad():
        for images, labels in test_loader:
            right += (model(images).argmax(1) == labels).sum().item()
    return right / len(x_test)


print(f"before training: {validate():.3f}")
for _ in range(12):
    if options.healthy:
        model.train()
    for images, labels in train_loader:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
    score = validate()
tell(score)
