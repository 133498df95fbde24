"""Names of layers and parameters, learnt as they are made."""

from __future__ import annotations

import copy
import gc

import torch
from torch import nn

from pellucid.doctor.script.names import Names, says


def known(*nets: nn.Module) -> Names:
    names = Names()
    for net in nets:
        names.known(net)
    names.freeze()
    return names


def test_names_are_those_of_the_network() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 1)))
    names = known(net)
    assert names.of_parameter(net[1][0].weight)[0] == "1.0.weight" and names.of_module(net[0]) == "0"


def test_several_networks_are_told_apart() -> None:
    first, second = nn.Sequential(nn.Linear(2, 3)), nn.Sequential(nn.Linear(3, 1))
    names = known(first, second)
    assert {names.of_module(first[0]), names.of_module(second[0])} == {"Sequential1.0", "Sequential2.0"}


def test_wrappers_leave_no_trace_in_names() -> None:
    net = nn.Sequential(nn.Linear(2, 3))
    wrapped = nn.DataParallel(net)
    assert known(wrapped).of_parameter(net[0].bias)[0] == "0.bias"


def test_a_swapped_layer_loses_its_parameters() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    names, old = known(net), net[1].weight
    assert not names.lost(old)
    net[1] = nn.Linear(3, 5)
    gc.collect()
    assert names.lost(old)


def test_names_keep_no_network_alive() -> None:
    net = nn.Sequential(nn.Linear(2, 3))
    names, twin = known(net), copy.deepcopy(net)
    weight = net[0].weight
    del net
    gc.collect()
    assert names.of_parameter(weight)[1] is None and names.of_parameter(twin[0].weight)[1] is None


def test_a_loose_tensor_is_named_by_its_shape() -> None:
    assert Names().of_parameter(torch.zeros(2, 3))[0] == "tensor of 2x3"


def test_a_layer_is_said_in_one_line() -> None:
    assert says(nn.Linear(64, 10)) == "Linear(64, 10)" and says(nn.ReLU()) == "ReLU()"
