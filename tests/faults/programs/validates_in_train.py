"""Validation runs in train mode: dropout strikes and the batch norms learn from the test rows."""

import torch
from data import digits
from program import arguments, tell
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.drop = nn.Dropout(0.4)
        self.fc = nn.Linear(128, 10)

    def forward(self, x):
        x = nn.functional.max_pool2d(torch.relu(self.norm(self.conv(x))), 2)
        return self.fc(self.drop(x.flatten(1)))


@torch.no_grad()
def evaluate(model: nn.Module, loader: DataLoader) -> float:
    hits = [(model(images).argmax(1) == labels).float() for images, labels in loader]
    return torch.cat(hits).mean().item()


options = arguments()
x, y, x_test, y_test = digits(options.seed)
train_loader = DataLoader(TensorDataset(x.view(-1, 1, 8, 8), y), batch_size=50, shuffle=True)
test_loader = DataLoader(TensorDataset(x_test.view(-1, 1, 8, 8), y_test), batch_size=40)
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(8):
    model.train()
    for images, labels in train_loader:
        loss = nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.train(not options.healthy)
    accuracy = evaluate(model, test_loader)
    print(f"epoch {epoch}: accuracy {accuracy:.3f}")
tell(accuracy)
