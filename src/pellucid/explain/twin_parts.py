"""The pieces of text that a NumPy twin is put together from; capital words are filled in."""

from __future__ import annotations

from torch import nn

SIGMOID = """
def sigmoid(z):
    return (1 + np.tanh(z / 2)) / 2

"""
NORMAL = '''
def normal(z):
    """The share of a standard normal distribution under z."""
    return (1 + np.vectorize(math.erf, otypes=[float])(z / math.sqrt(2))) / 2

'''
DENSITY = "np.exp(-z * z / 2) / math.sqrt(2 * math.pi)"

ACTIVATIONS: dict[type[nn.Module], tuple[str, str, str]] = {
    nn.Identity: ("z", "np.ones_like(z)", ""),
    nn.Sigmoid: ("sigmoid(z)", "sigmoid(z) * (1 - sigmoid(z))", SIGMOID),
    nn.Tanh: ("np.tanh(z)", "1 - np.tanh(z) ** 2", ""),
    nn.ReLU: ("np.maximum(z, 0)", "(z > 0).astype(float)", ""),
    nn.LeakyReLU: ("np.where(z > 0, z, NUMBER * z)", "np.where(z > 0, 1, NUMBER)", ""),
    nn.ELU: (
        "np.where(z > 0, z, NUMBER * np.expm1(np.minimum(z, 0)))",
        "np.where(z > 0, 1, NUMBER * np.exp(np.minimum(z, 0)))",
        "",
    ),
    nn.GELU: ("z * normal(z)", f"normal(z) + z * {DENSITY}", NORMAL),
    nn.SiLU: ("z * sigmoid(z)", "sigmoid(z) * (1 + z * (1 - sigmoid(z)))", SIGMOID),
}
"""(value, slope, function they need) of each hidden activation the twin can write."""

ACTIVATION = """
def activation(z):
    return VALUE


def activation_slope(z):
    return SLOPE

"""

FORWARD = '''
def forward(x):
    """Raw outputs, and what every layer got and summed up, for the way back."""
    x, seen = np.asarray(x, float).reshape(len(x), -1), []
    for layer in range(LAYERS):
        z = x @ P[f"W{layer}"].T + P.get(f"b{layer}", 0)
        seen.append((x, z))
        x = activation(z) if layer < LAYERS - 1 else z
    return x, seen

'''
FORWARD_LINEAR = '''
def forward(x):
    """Raw outputs, and what the one layer got and summed up, for the way back."""
    x = np.asarray(x, float).reshape(len(x), -1)
    z = x @ P["W0"].T + P.get("b0", 0)
    return z, [(x, z)]

'''

CROSS_ENTROPY = '''
def loss(output, target, share):
    """Minus the log of the probability of the true class, and its slope by the outputs (softmax - target)."""
    wanted = WANTED
    shifted = output - output.max(1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return -(share[:, None] * wanted * log_p).sum(), share[:, None] * (np.exp(log_p) - wanted)

'''
BINARY_CROSS_ENTROPY = '''
def loss(output, target, share):
    """Cross-entropy of yes or no, averaged over the outputs, and its slope by them (sigmoid - target)."""
    wanted, each = WANTED, share[:, None] / output.shape[1]
    terms = np.maximum(output, 0) - output * wanted + np.log1p(np.exp(-np.abs(output)))
    return (each * terms).sum(), each * ((1 + np.tanh(output / 2)) / 2 - wanted)

'''
MSE = '''
def loss(output, target, share):
    """Mean squared error, and its slope by the outputs."""
    wrong, each = output - np.asarray(target, float).reshape(output.shape), share[:, None] / output.shape[1]
    return (each * wrong**2).sum(), each * 2 * wrong

'''

BACKWARD = '''
def backward(seen, delta):
    """The gradient of every parameter, from the last layer to the first, by the chain rule."""
    gradient = {}
    for layer in reversed(range(LAYERS)):
        x, z = seen[layer]
        if layer < LAYERS - 1:
            delta = delta @ P[f"W{layer + 1}"] * activation_slope(z)
        gradient[f"W{layer}"], gradient[f"b{layer}"] = delta.T @ x, delta.sum(0)
    return gradient

'''
BACKWARD_LINEAR = '''
def backward(seen, delta):
    """The gradient of every parameter, by the chain rule."""
    x, _ = seen[0]
    return {"W0": delta.T @ x, "b0": delta.sum(0)}

'''

STEP = '''
def step(x, target, weight=None, rate=RATE):
    """One update from a batch; gives the loss before it."""
    weight = np.ones(len(x)) if weight is None else np.asarray(weight, float)
    output, seen = forward(x)
    value, delta = loss(output, target, weight / weight.sum())
    gradient = backward(seen, delta)
    for name in P:
        g, memory = gradient[name], MEMORY[name]
'''
_RETURN = "    return value\n\n"
DECAY = '        g = g + DECAY * P[name] if name[0] == "W" else g\n'
DECOUPLED = '        P[name] *= 1 - rate * DECAY if name[0] == "W" else 1\n'
SGD = "        P[name] -= rate * g\n" + _RETURN
MOMENTUM = (
    """        memory[0] = MOMENTUM * memory[0] + g
        P[name] -= rate * memory[0]
"""
    + _RETURN
)
NESTEROV = (
    """        memory[0] = MOMENTUM * memory[0] + g
        P[name] -= rate * (g + MOMENTUM * memory[0])
"""
    + _RETURN
)
ADAM = (
    """        memory[0] = BETA1 * memory[0] + (1 - BETA1) * g
        memory[1] = BETA2 * memory[1] + (1 - BETA2) * g**2
        memory[2] += 1
        mean, square = memory[0] / (1 - BETA1 ** memory[2]), memory[1] / (1 - BETA2 ** memory[2])
        P[name] -= rate * mean / (np.sqrt(square) + EPS)
"""
    + _RETURN
)
