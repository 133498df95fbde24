"""Four labels of ten are drawn at random; the network learns them by heart."""

import torch
from data import digits
from program import arguments, tell
from torch import nn

options = arguments()
x, y, x_test, y_test = digits(options.seed)
share = 0.0 if options.healthy else 0.4
wrong = torch.rand(len(y)) < share
y = torch.where(wrong, torch.randint(10, y.shape), y)

model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(30):
    model.train()
    for rows in torch.randperm(len(x)).split(50):
        loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        output = model(x_test)
        held_out = nn.functional.cross_entropy(output, y_test)
        accuracy = (output.argmax(1) == y_test).float().mean()
    if epoch % 10 == 9:
        print(f"{epoch}: train {loss.item():.3f} test {held_out.item():.3f} accuracy {accuracy.item():.3f}")
tell(accuracy)
