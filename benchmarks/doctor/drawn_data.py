"""Sets of data for drawn programs: each is drawn from chances, and the numbers in it from the seed of its program."""

from __future__ import annotations

from random import Random

from draft import Data

STANDARD = ["x = (x - x.mean(0)) / x.std(0)"]


def split(rows: int) -> list[str]:
    """A quarter of the rows is kept for the score."""
    part = rows * 3 // 4
    return [f"x, x_test = x[:{part}], x[{part}:]", f"y, y_test = y[:{part}], y[{part}:]"]


def clouds(rng: Random) -> Data:
    """Clouds of points; several belong to one class."""
    classes, features, rows = rng.choice([3, 4, 5, 8]), rng.choice([8, 12, 20, 32]), rng.choice([1200, 1600, 2400])
    each, noise = rng.choice([2, 3]), rng.choice([0.5, 0.7, 0.9])
    lines = [
        f"centres = 1.2 * torch.randn({classes * each}, {features}, generator=chance)",
        f"cloud = torch.randint({classes * each}, ({rows},), generator=chance)",
        f"x = centres[cloud] + {noise} * torch.randn({rows}, {features}, generator=chance)",
        *STANDARD,
        f"y = cloud % {classes}",
        *split(rows),
    ]
    return Data(lines, "vector", "classes", features, classes, f"clouds of {classes} classes")


def spirals(rng: Random) -> Data:
    """Arms of a spiral in the plane."""
    arms, turns, rows = rng.choice([2, 3]), rng.choice([0.6, 0.8, 1.0]), rng.choice([1200, 2000])
    lines = [
        f"arm = torch.randint({arms}, ({rows},), generator=chance)",
        f"far = 0.15 + 0.85 * torch.rand({rows}, generator=chance)",
        f"angle = 2 * torch.pi * (arm / {arms} + {turns} * far)",
        "x = torch.stack([far * angle.cos(), far * angle.sin()], 1)",
        "x = x + 0.03 * torch.randn(x.shape, generator=chance)",
        *STANDARD,
        "y = arm",
        *split(rows),
    ]
    return Data(lines, "vector", "classes", 2, arms, f"a spiral of {arms} arms")


def digits(rng: Random) -> Data:
    """The digits of scikit-learn, as rows of pixels or as images."""
    image = rng.random() < 0.5
    lines = [
        "from sklearn.datasets import load_digits",
        "",
        "pixels, digit = load_digits(return_X_y=True)",
        "order = torch.randperm(len(pixels), generator=chance)",
        "x = torch.tensor(pixels, dtype=torch.float32)[order]",
        "x = (x - x.mean()) / x.std()",
        *(["x = x.reshape(-1, 1, 8, 8)"] if image else []),
        "y = torch.tensor(digit)[order]",
        *split(1796),
    ]
    if image:
        return Data(lines, "image", "classes", 1, 10, "images of digits", 8)
    return Data(lines, "vector", "classes", 64, 10, "digits")


def shell(rng: Random) -> Data:
    """Whether a point is outside of a ball, or two features agree in sign."""
    features, rows = rng.choice([4, 6, 10]), rng.choice([1600, 2400])
    rule = rng.choice(["(x[:, :4] ** 2).sum(1) > 3.36", "x[:, 0] * x[:, 1] > 0"])
    lines = [
        f"x = torch.randn({rows}, {features}, generator=chance)",
        f"y = ({rule}).float()[:, None]",
        *split(rows),
    ]
    return Data(lines, "vector", "binary", features, 1, "points inside and outside")


def surface(rng: Random) -> Data:
    """Values of a function that is drawn: waves, products, or another network."""
    features, rows = rng.choice([3, 5, 8]), rng.choice([1200, 2000])
    rule = rng.choice(
        [
            ["y = torch.sin(1.5 * x[:, 0]) + x[:, 1] * x[:, 2]"],
            ["slope = torch.randn(x.shape[1], 3, generator=chance) / 2", "y = torch.cos(x @ slope).sum(1)"],
            ["bend = torch.randn(x.shape[1], 6, generator=chance)", "y = torch.tanh(x @ bend).sum(1)"],
            ["y = x[:, 0] ** 2 - x[:, 1] + torch.relu(x[:, 2])"],
        ]
    )
    lines = [
        f"x = torch.randn({rows}, {features}, generator=chance)",
        *rule,
        "y = (y - y.mean()) / y.std()",
        f"y = (y + {rng.choice([0.0, 0.1])} * torch.randn(len(y), generator=chance))[:, None]",
        *split(rows),
    ]
    return Data(lines, "vector", "values", features, 1, "values of a function")


def bars(rng: Random) -> Data:
    """Images of a bar: lying, standing, or leaning to one of two sides."""
    side, rows, noise = rng.choice([8, 10, 12]), rng.choice([800, 1200]), rng.choice([0.3, 0.5])
    lines = [
        f"y = torch.randint(4, ({rows},), generator=chance)",
        f"place = torch.randint(2, {side - 2}, ({rows}, 1, 1), generator=chance)",
        f"down, right = torch.meshgrid(torch.arange({side}), torch.arange({side}), indexing='ij')",
        f"ways = torch.stack([down, right, (down + right) // 2, (down - right + {side}) // 2])",
        "x = (ways[y] == place).float()[:, None]",
        f"x = x + {noise} * torch.randn(x.shape, generator=chance)",
        "x = (x - x.mean()) / x.std()",
        *split(rows),
    ]
    return Data(lines, "image", "classes", 1, 4, "images of bars", side)


def waves(rng: Random) -> Data:
    """Noisy waves of different pitch, of which the pitch is asked."""
    classes, length, rows = rng.choice([3, 4, 5]), rng.choice([16, 24, 32]), rng.choice([800, 1200])
    lines = [
        f"y = torch.randint({classes}, ({rows},), generator=chance)",
        f"pitch = (1 + y[:, None]) * torch.arange({length}) / {length}",
        f"shift = torch.rand({rows}, 1, generator=chance)",
        "x = torch.stack([torch.sin(6.28 * (pitch + shift)), torch.cos(6.28 * (pitch + shift))], 2)",
        f"x = x + {rng.choice([0.2, 0.4])} * torch.randn(x.shape, generator=chance)",
        *split(rows),
    ]
    return Data(lines, "wave", "classes", 2, classes, f"waves of {classes} pitches", length)


def totals(rng: Random) -> Data:
    """The sum of what one channel says where the other one is on."""
    length, rows = rng.choice([8, 12]), rng.choice([1000, 1500])
    lines = [
        f"told = torch.randn({rows}, {length}, generator=chance)",
        f"mark = (torch.rand({rows}, {length}, generator=chance) < 0.5).float()",
        "x = torch.stack([told, 2 * mark - 1], 2)",
        "y = (told * mark).sum(1, keepdim=True)",
        "y = (y - y.mean()) / y.std()",
        *split(rows),
    ]
    return Data(lines, "wave", "values", 2, 1, "sums of marked numbers", length)


def dialects(rng: Random) -> Data:
    """Which of several chains of words wrote a sentence."""
    classes, words, length, rows = rng.choice([2, 3, 4]), rng.choice([8, 12]), rng.choice([12, 16]), 1200
    lines = [
        f"follows = torch.softmax(2 * torch.randn({classes}, {words}, {words}, generator=chance), -1)",
        f"y = torch.randint({classes}, ({rows},), generator=chance)",
        f"text = [torch.randint({words}, ({rows},), generator=chance)]",
        f"for _ in range({length - 1}):",
        "    text.append(torch.multinomial(follows[y, text[-1]], 1, generator=chance)[:, 0])",
        "x = torch.stack(text, 1)",
        *split(rows),
    ]
    return Data(lines, "tokens", "classes", words, classes, f"{classes} dialects", length)


def sentences(rng: Random) -> Data:
    """The next word, which follows from the two before it, but for one word in ten."""
    words, length, rows = rng.choice([8, 10, 12]), rng.choice([12, 16]), rng.choice([900, 1200])
    step = rng.choice([1, 2, 3])
    lines = [
        f"text = torch.randint({words}, ({rows}, {length + 1}), generator=chance)",
        f"for place in range(2, {length + 1}):",
        f"    follows = (text[:, place - 1] + {step} * text[:, place - 2] + 1) % {words}",
        f"    odd = torch.rand({rows}, generator=chance) < 0.1",
        "    text[:, place] = torch.where(odd, text[:, place], follows)",
        "x, y = text[:, :-1], text[:, 1:]",
        *split(rows),
    ]
    kept = 0.91 * (length - 1) / length + 1 / (words * length)
    return Data(lines, "tokens", "classes", words, words, "next words", length, each=True, ceiling=kept)


DATA = (clouds, spirals, digits, shell, surface, bars, waves, totals, dialects, sentences)
