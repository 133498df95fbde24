"""Every activation; `silu` is another name of swish."""

KINDS = {
    "threshold": "pellucid.nn.activation_parts:Threshold",
    "identity": "pellucid.nn.activation_parts:Identity",
    "sigmoid": "pellucid.nn.activation_parts:Sigmoid",
    "tanh": "pellucid.nn.activation_parts:Tanh",
    "relu": "pellucid.nn.activation_parts:ReLU",
    "leaky_relu": "pellucid.nn.activation_parts:LeakyReLU",
    "prelu": "pellucid.nn.activation_parts:PReLU",
    "elu": "pellucid.nn.activation_parts:ELU",
    "gelu": "pellucid.nn.activation_parts:GELU",
    "swish": "pellucid.nn.activation_parts:Swish",
    "silu": "pellucid.nn.activation_parts:Swish",
    "softmax": "pellucid.nn.activation_parts:Softmax",
    "own": "pellucid.nn.activation_parts:Own",
}
