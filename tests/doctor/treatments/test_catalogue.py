from __future__ import annotations

from pellucid.doctor.treatment import Treatment
from pellucid.doctor.treatments.catalogue import KINDS, MENU
from pellucid.parts import load_kind


def test_every_kind_is_the_class_it_says():
    for kind in KINDS:
        assert load_kind(Treatment, kind).model_fields["kind"].default == kind


def test_unstable_trainings_get_a_lower_rate_first():
    assert MENU["diverges"][0] == "lower_rate" and MENU["not-finite"][:2] == ("clean_inputs", "lower_rate")
