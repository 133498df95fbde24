"""Networks for drawn programs: what a person would write for the data, in one of the usual ways of writing it."""

from __future__ import annotations

from random import Random

from draft import Data, Net

ACTIVATIONS = ("ReLU", "ReLU", "GELU", "Tanh", "SiLU", "LeakyReLU", "ELU")
FUNCTIONS = {"ReLU": "F.relu", "GELU": "F.gelu", "Tanh": "torch.tanh", "SiLU": "F.silu", "LeakyReLU": "F.leaky_relu",
             "ELU": "F.elu", "Sigmoid": "torch.sigmoid"}  # fmt: skip


def stacked(modules: list[str]) -> list[str]:
    """`nn.Sequential` of these modules."""
    return ["model = nn.Sequential(", *(f"    {module}," for module in modules), ")"]


def numbered(modules: list[str], *kinds: str) -> list[str]:
    """The names of the modules of these kinds in a sequence."""
    return [str(place) for place, module in enumerate(modules) if module.startswith(tuple(f"nn.{k}(" for k in kinds))]


def perceptron(rng: Random, data: Data, *, depth: int | None = None, activation: str = "", plain: bool = False) -> Net:
    """Linear layers in a row; `plain` without norms and dropout."""
    depth, act = depth or rng.choice([1, 2, 2, 3, 4]), activation or rng.choice(ACTIVATIONS)
    widths = [rng.choice([24, 32, 48, 64, 96, 128])] * depth
    norm = "" if plain else rng.choice(["", "", "BatchNorm1d", "LayerNorm"])
    share = 0.0 if plain or depth < 2 else rng.choice([0.0, 0.0, 0.1, 0.2])
    modules: list[str] = []
    before = data.size
    if data.form == "image":
        modules.append("nn.Flatten()")
        before = data.size * data.length**2
    for width in widths:
        modules.append(f"nn.Linear({before}, {width})")
        modules += [f"nn.{norm}({width})"] if norm else []
        modules.append(f"nn.{act}()")
        modules += [f"nn.Dropout({share})"] if share else []
        before = width
    modules.append(f"nn.Linear({before}, {data.outputs})")
    says = f"a perceptron of {depth} hidden layers ({act})"
    return Net(stacked(modules), numbered(modules, "Linear"), says, numbered(modules, act))


def listed(rng: Random, data: Data, *, depth: int | None = None, activation: str = "") -> Net:
    """A perceptron as a class that holds its layers in a list."""
    depth, act = depth or rng.choice([2, 3]), activation or rng.choice(ACTIVATIONS)
    width, head = rng.choice([32, 48, 64, 96]), rng.choice(["head", "out", "last"])
    lines = [
        "class Net(nn.Module):",
        "    def __init__(self):",
        "        super().__init__()",
        f"        widths = {[data.size] + [width] * depth}",
        "        layers = [nn.Linear(before, after) for before, after in pairwise(widths)]",
        "        self.layers = nn.ModuleList(layers)",
        f"        self.{head} = nn.Linear({width}, {data.outputs})",
        "",
        "    def forward(self, x):",
        "        for layer in self.layers:",
        f"            x = {FUNCTIONS[act]}(layer(x))",
        f"        return self.{head}(x)",
        "",
        "",
        "model = Net()",
    ]
    names = [f"layers.{place}" for place in range(depth)]
    return Net(lines, [*names, head], f"a perceptron of {depth} hidden layers ({act})", kind="listed")


def two_parts(rng: Random, data: Data, *, activation: str = "", plain: bool = False) -> Net:
    """A body that finds features and a head that reads them."""
    act, width = activation or rng.choice(ACTIVATIONS), rng.choice([32, 48, 64])
    body, head = rng.choice([("body", "head"), ("encoder", "classifier"), ("features", "out")])
    norm = "" if plain else rng.choice(["", f"nn.LayerNorm({width}), "])
    flat = "nn.Flatten(), " if data.form == "image" else ""
    before = data.size * (data.length**2 if flat else 1)
    inside = [part for part in (flat + f"nn.Linear({before}, {width}), {norm}nn.{act}(), nn.Linear({width}, {width}), "
                                f"nn.{act}()").split(", nn.")]  # fmt: skip
    kinds = [part.removeprefix("nn.").partition("(")[0] for part in inside]
    names = [f"{body}.{place}" for place, kind in enumerate(kinds) if kind == "Linear"]
    lines = [
        "class Net(nn.Module):",
        "    def __init__(self):",
        "        super().__init__()",
        f"        self.{body} = nn.Sequential({', nn.'.join(inside)})",
        f"        self.{head} = nn.Linear({width}, {data.outputs})",
        "",
        "    def forward(self, x):",
        f"        x = self.{body}(x)",
        f"        return self.{head}(x)",
        "",
        "",
        "model = Net()",
    ]
    active = [f"{body}.{place}" for place, kind in enumerate(kinds) if kind == act]
    return Net(lines, [*names, head], f"a body and a head ({act})", active, kind="two_parts")


def residual(rng: Random, data: Data) -> Net:
    """Blocks that add to what came in."""
    width, blocks, act = rng.choice([32, 48, 64]), rng.choice([2, 3]), rng.choice(["ReLU", "GELU", "SiLU"])
    lines = [
        "class Block(nn.Module):",
        "    def __init__(self, width):",
        "        super().__init__()",
        "        self.norm = nn.LayerNorm(width)",
        "        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)",
        "",
        "    def forward(self, x):",
        f"        return x + self.down({FUNCTIONS[act]}(self.up(self.norm(x))))",
        "",
        "",
        f"blocks = [Block({width}) for _ in range({blocks})]",
        f"model = nn.Sequential(nn.Linear({data.size}, {width}), *blocks, nn.Linear({width}, {data.outputs}))",
    ]
    inner = [f"{place}.{part}" for place in range(1, blocks + 1) for part in ("up", "down")]
    return Net(lines, ["0", *inner, str(blocks + 1)], f"{blocks} residual blocks ({act})", kind="residual")


def convolutions(rng: Random, data: Data, *, activation: str = "", norm: bool | None = None) -> Net:
    """Convolutions and pooling, then one or two linear layers."""
    act, normed = activation or rng.choice(["ReLU", "ReLU", "GELU", "LeakyReLU"]), norm
    normed = rng.random() < 0.5 if normed is None else normed
    maps, hidden = rng.choice([8, 12, 16]), rng.choice([0, 32, 64])
    modules, before, side = [], data.size, data.length
    for after in (maps, 2 * maps):
        modules.append(f"nn.Conv2d({before}, {after}, 3, padding=1)")
        modules += [f"nn.BatchNorm2d({after})"] if normed else []
        modules += [f"nn.{act}()", "nn.MaxPool2d(2)"]
        before, side = after, side // 2
    modules.append("nn.Flatten()")
    wide = before * side * side
    modules += [f"nn.Linear({wide}, {hidden})", f"nn.{act}()"] if hidden else []
    modules.append(f"nn.Linear({hidden or wide}, {data.outputs})")
    weighted = numbered(modules, "Conv2d", "Linear")
    says = f"2 convolutions{' with batch norm' if normed else ''} ({act})"
    return Net(stacked(modules), weighted, says, numbered(modules, act), "convolutions")


def recurrent(rng: Random, data: Data, *, cell: str = "") -> Net:
    """A recurrent layer and a linear one."""
    cell, width = cell or rng.choice(["GRU", "GRU", "LSTM", "RNN"]), rng.choice([24, 32, 48])
    words = data.form == "tokens"
    given = rng.choice([12, 16]) if words else data.size
    last = "states[:, -1]"
    taken = "states" if data.each else last if cell == "RNN" else rng.choice([last, "states.mean(1)"])
    lines = [
        "class Reader(nn.Module):",
        "    def __init__(self):",
        "        super().__init__()",
        *([f"        self.words = nn.Embedding({data.size}, {given})"] if words else []),
        f"        self.rnn = nn.{cell}({given}, {width}, batch_first=True)",
        f"        self.head = nn.Linear({width}, {data.outputs})",
        "",
        "    def forward(self, x):",
        f"        states, _ = self.rnn({'self.words(x)' if words else 'x'})",
        f"        return self.head({taken})",
        "",
        "",
        "model = Reader()",
    ]
    return Net(lines, [*(["words"] if words else []), "rnn", "head"], f"a recurrent network ({cell})", kind="recurrent")


def transformer(rng: Random, data: Data) -> Net:
    """Layers of attention over the positions."""
    width, layers, heads = rng.choice([24, 32]), rng.choice([1, 2]), rng.choice([2, 4])
    share, given = rng.choice([0.0, 0.1]), f"batch_first=True, norm_first={rng.random() < 0.5}"
    words = data.form == "tokens"
    enter = f"nn.Embedding({data.size}, {width})" if words else f"nn.Linear({data.size}, {width})"
    mask = "nn.Transformer.generate_square_subsequent_mask(x.shape[1])" if data.each else "None"
    lines = [
        "class Encoder(nn.Module):",
        "    def __init__(self):",
        "        super().__init__()",
        f"        self.enter = {enter}",
        f"        self.places = nn.Parameter(0.02 * torch.randn({data.length}, {width}))",
        f"        one = nn.TransformerEncoderLayer({width}, {heads}, {2 * width}, {share}, {given})",
        f"        self.layers = nn.TransformerEncoder(one, {layers}, enable_nested_tensor=False)",
        f"        self.head = nn.Linear({width}, {data.outputs})",
        "",
        "    def forward(self, x):",
        f"        mask = {mask}",
        "        x = self.layers(self.enter(x) + self.places, mask=mask)",
        f"        return self.head(x{'' if data.each else '.mean(1)'})",
        "",
        "",
        "model = Encoder()",
    ]
    return Net(lines, ["enter", "layers", "head"], f"{layers} layers of attention", kind="transformer")


NETS = {
    "vector": (perceptron, perceptron, listed, two_parts, residual),
    "image": (convolutions, convolutions, perceptron),
    "wave": (recurrent, transformer),
    "tokens": (recurrent, transformer),
}
"""Form of the data -> what reads it."""
