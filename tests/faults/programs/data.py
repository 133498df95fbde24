"""Small sets of data as plain tensors, made from a seed: training rows first, then test rows."""

import torch

Split = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def digits(seed: int) -> Split:
    """1,797 handwritten digits of 8x8 pixels (scikit-learn), flat, with one mean and one deviation for all pixels."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    x_all = (torch.tensor(x, dtype=torch.float32)[order] - 4.88) / 6.02
    y_all = torch.tensor(y)[order]
    return x_all[:1400], y_all[:1400], x_all[1400:], y_all[1400:]


def clusters(seed: int, classes: int = 6, features: int = 16, rows: int = 2000) -> Split:
    """Three overlapping clouds for each class, so no line separates the classes."""
    chance = torch.Generator().manual_seed(seed)
    centres = 1.2 * torch.randn(classes * 3, features, generator=chance)
    cloud = torch.randint(classes * 3, (rows,), generator=chance)
    x = centres[cloud] + 0.9 * torch.randn(rows, features, generator=chance)
    x = (x - x.mean(0)) / x.std(0)
    y = cloud % classes
    part = rows * 3 // 4
    return x[:part], y[:part], x[part:], y[part:]


def surface(seed: int, features: int = 8, rows: int = 2000) -> Split:
    """Values of a curved surface (Friedman 1991) with little noise, of mean 0 and deviation 1."""
    chance = torch.Generator().manual_seed(seed)
    x = torch.rand(rows, features, generator=chance)
    bends = torch.sin(torch.pi * x[:, 0] * x[:, 1]) * 10 + 20 * (x[:, 2] - 0.5) ** 2
    y = bends + 10 * x[:, 3] + 5 * x[:, 4] + torch.randn(rows, generator=chance)
    x = (x - 0.5) / 0.289
    y = (y - y.mean()) / y.std()
    part = rows * 3 // 4
    return x[:part], y[:part], x[part:], y[part:]


def sentences(seed: int, rows: int = 1200, length: int = 16, words: int = 12) -> torch.Tensor:
    """Sequences in which each word follows from the two before it, but for one word in ten."""
    chance = torch.Generator().manual_seed(seed)
    text = torch.randint(words, (rows, length), generator=chance)
    for place in range(2, length):
        follows = (text[:, place - 1] + 2 * text[:, place - 2] + 1) % words
        odd = torch.rand(rows, generator=chance) < 0.1
        text[:, place] = torch.where(odd, text[:, place], follows)
    return text


def explained(prediction: torch.Tensor, target: torch.Tensor) -> float:
    """Share of the variance that is explained (R squared)."""
    return float(1 - ((prediction.flatten() - target) ** 2).mean() / target.var(correction=0))
