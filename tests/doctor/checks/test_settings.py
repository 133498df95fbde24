from __future__ import annotations

from collections.abc import Callable, Sequence

from pellucid.doctor.diagnose import diagnose
from pellucid.doctor.history import History, Layer
from pellucid.findings import Finding

Stack = Callable[..., History]


def settings(stack: Stack, **optimizer: float | str) -> Sequence[Finding]:
    history = stack()
    history.optimizer = dict(optimizer)
    history.layers.append(Layer("attention", "MultiheadAttention"))
    return [one for one in diagnose(history) if one.check == "optimizer-settings"]


def test_settings_that_nobody_uses(stack: Stack) -> None:
    assert settings(stack, kind="Adam", eps=1e-16)[0].evidence == {"eps": 1e-16}
    assert settings(stack, kind="Adam", beta1=0.9, beta2=0.9)[0].cure == "Set betas to (0.9, 0.999)."
    assert settings(stack, kind="SGD", momentum=1.0)[0].evidence == {"momentum": 1.0}
    assert "AdamW" in settings(stack, kind="SGD", momentum=0.0)[0].cure
    assert not settings(stack, kind="Adam", eps=1e-8, beta1=0.9, beta2=0.999)
