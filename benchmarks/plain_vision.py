"""The networks of the families for images as a person writes them by hand in plain torch, for `families.py`.

Nothing here imports Pellucid. Each takes the channels of the image, the base width and the classes, and gives logits.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


class LeNet(nn.Module):
    """LeNet-5 over 32x32 images."""

    def __init__(self, channels: int, width: int, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 5)
        self.conv2 = nn.Conv2d(width, width * 16 // 6, 5)
        self.fc1 = nn.Linear(width * 16 // 6 * 25, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.avg_pool2d(torch.tanh(self.conv1(x)), 2)
        x = F.avg_pool2d(torch.tanh(self.conv2(x)), 2)
        x = x.flatten(1)
        x = torch.tanh(self.fc1(x))
        x = torch.tanh(self.fc2(x))
        return self.fc3(x)


class AlexNet(nn.Module):
    """The one-column AlexNet; small images get a 3x3 first convolution of stride 1."""

    def __init__(self, channels: int, width: int, classes: int, hidden: int = 4096, small: bool = True) -> None:
        super().__init__()
        first = nn.Conv2d(channels, width, 3, padding=1) if small else nn.Conv2d(channels, width, 11, 4, 2)
        self.features = nn.Sequential(
            first, nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
            nn.Conv2d(width, 3 * width, 5, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
            nn.Conv2d(3 * width, 6 * width, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(6 * width, 4 * width, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(4 * width, 4 * width, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
        )  # fmt: skip
        side = 3 if small else 6
        self.classifier = nn.Sequential(
            nn.Linear(4 * width * side * side, hidden), nn.ReLU(inplace=True), nn.Dropout(0.5),
            nn.Linear(hidden, hidden), nn.ReLU(inplace=True), nn.Dropout(0.5),
            nn.Linear(hidden, classes),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(x).flatten(1))


class VGG(nn.Module):
    """VGG-11 or VGG-16, without normalisation."""

    PLANS = {11: (1, 1, 2, 2, 2), 16: (2, 2, 3, 3, 3)}

    def __init__(self, channels: int, width: int, classes: int, *, depth: int = 11, hidden: int = 4096, side: int = 1):
        super().__init__()
        layers: list[nn.Module] = []
        for stage, count in enumerate(self.PLANS[depth]):
            wider = width * min(2**stage, 8)
            for _ in range(count):
                layers += [nn.Conv2d(channels, wider, 3, padding=1), nn.ReLU(inplace=True)]
                channels = wider
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Linear(channels * side * side, hidden), nn.ReLU(inplace=True), nn.Dropout(0.5),
            nn.Linear(hidden, hidden), nn.ReLU(inplace=True), nn.Dropout(0.5),
            nn.Linear(hidden, classes),
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(x).flatten(1))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.down = None
        if stride != 1 or inputs != outputs:
            self.down = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        y += x if self.down is None else self.down(x)
        return F.relu(y, inplace=True)


class ResNet18(nn.Module):
    """ResNet-18, with the stem for small images or the full one."""

    def __init__(self, channels: int, width: int, classes: int, *, small: bool = True) -> None:
        super().__init__()
        if small:
            stem = [nn.Conv2d(channels, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        else:
            stem = [nn.Conv2d(channels, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True),
                    nn.MaxPool2d(3, 2, 1)]  # fmt: skip
        blocks: list[nn.Module] = []
        inputs = width
        for stage in range(4):
            for block in range(2):
                outputs = width * 2**stage
                blocks.append(BasicBlock(inputs, outputs, 2 if stage and not block else 1))
                inputs = outputs
        self.body = nn.Sequential(*stem, *blocks)
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(F.adaptive_avg_pool2d(self.body(x), 1).flatten(1))


def unit(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    """Convolution, batch normalisation, rectifier."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-3),
        nn.ReLU(inplace=True),
    )


class Mixed(nn.Module):
    """One Inception block of GoogLeNet."""

    def __init__(self, inputs: int, one: int, three: tuple[int, int], five: tuple[int, int], pooled: int) -> None:
        super().__init__()
        self.one = unit(inputs, one, 1)
        self.three = nn.Sequential(unit(inputs, three[0], 1), unit(three[0], three[1], 3))
        self.five = nn.Sequential(unit(inputs, five[0], 1), unit(five[0], five[1], 3))
        self.pooled = nn.Sequential(nn.MaxPool2d(3, 1, 1), unit(inputs, pooled, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.one(x), self.three(x), self.five(x), self.pooled(x)], 1)


class GoogLeNet(nn.Module):
    """The nine blocks of GoogLeNet behind a stem for small images, without auxiliary heads."""

    BLOCKS = (
        ((64, (96, 128), (16, 32), 32), (128, (128, 192), (32, 96), 64)),
        ((192, (96, 208), (16, 48), 64), (160, (112, 224), (24, 64), 64), (128, (128, 256), (24, 64), 64),
         (112, (144, 288), (32, 64), 64), (256, (160, 320), (32, 128), 128)),
        ((256, (160, 320), (32, 128), 128), (384, (192, 384), (48, 128), 128)),
    )  # fmt: skip

    def __init__(self, channels: int, width: int, classes: int) -> None:
        super().__init__()

        def maps(count: int) -> int:
            return max(1, round(count * width / 64))

        layers: list[nn.Module] = [unit(channels, width, 3), unit(width, width, 1), unit(width, maps(192), 3)]
        inputs = maps(192)
        for number, stage in enumerate(self.BLOCKS):
            if number:
                layers.append(nn.MaxPool2d(3 if number == 1 else 2, 2, ceil_mode=True))
            for one, three, five, pooled in stage:
                shape = (maps(one), (maps(three[0]), maps(three[1])), (maps(five[0]), maps(five[1])), maps(pooled))
                layers.append(Mixed(inputs, *shape))
                inputs = shape[0] + shape[1][1] + shape[2][1] + shape[3]
        self.body = nn.Sequential(*layers)
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(F.adaptive_avg_pool2d(self.body(x), 1).flatten(1))


class UNet(nn.Module):
    """Four levels with skips; a class for every pixel."""

    def __init__(self, channels: int, width: int, classes: int) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(5)]
        self.down = nn.ModuleList()
        for wider in widths:
            self.down.append(nn.Sequential(self.unit(channels, wider), self.unit(wider, wider)))
            channels = wider
        self.up, self.after = nn.ModuleList(), nn.ModuleList()
        for wider in reversed(widths[:-1]):
            self.up.append(nn.ConvTranspose2d(2 * wider, wider, 2, 2))
            self.after.append(nn.Sequential(self.unit(2 * wider, wider), self.unit(wider, wider)))
        self.out = nn.Conv2d(width, classes, 1)

    @staticmethod
    def unit(inputs: int, outputs: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skips = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else F.max_pool2d(x, 2))
            skips.append(x)
        for up, after, skip in zip(self.up, self.after, reversed(skips[:-1]), strict=True):
            x = after(torch.cat([skip, up(x)], 1))
        return self.out(x)
