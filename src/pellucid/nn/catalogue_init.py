"""Every initialiser."""

KINDS = {
    "zeros": "pellucid.nn.init_parts:Zeros",
    "constant": "pellucid.nn.init_parts:Constant",
    "normal": "pellucid.nn.init_parts:Normal",
    "uniform": "pellucid.nn.init_parts:Uniform",
    "xavier": "pellucid.nn.init_parts:Xavier",
    "he": "pellucid.nn.init_parts:He",
    "orthogonal": "pellucid.nn.init_parts:Orthogonal",
    "lsuv": "pellucid.nn.init_parts:LSUV",
}
