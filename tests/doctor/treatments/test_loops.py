from __future__ import annotations

from pellucid.doctor.script.shims import KINDS, MEASURING
from pellucid.doctor.treatment import Treatment
from pellucid.doctor.treatments import loops
from pellucid.doctor.treatments.catalogue import MENU
from pellucid.findings import Finding
from pellucid.parts import concrete


def ill(check: str, place: str = "") -> Finding:
    return Finding(check, "severe", "It is ill.", place)


def test_every_shim_on_the_menu_can_be_installed():
    for check, menu in MENU.items():
        for treatment in (concrete(Treatment, kind) for kind in menu):
            shim = treatment.shim(ill(check)) or {"kind": "rate"}
            assert shim["kind"] in KINDS | MEASURING


def test_the_finding_decides_the_settings():
    clear, hold = loops.ClearGradients(), loops.HoldAll()
    assert clear.shim(ill("gradients-not-cleared"))["elsewhere"] is True
    assert clear.shim(ill("gradients-cleared-early"))["elsewhere"] is False
    assert hold.shim(ill("frozen"))["thaw"] is True and hold.shim(ill("not-optimized"))["thaw"] is False
    assert loops.OpenOutput().shim(ill("squashed-output", "net.5")) == {"kind": "open_output", "place": "net.5"}
