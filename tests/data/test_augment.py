from __future__ import annotations

import pytest

from pellucid import forms
from pellucid.data.augment import check
from pellucid.data.augmenting import Color, Flip, Mixup, Noise
from pellucid.errors import RecipeError

CLIP = forms.grid(12, 8, 8, frames=4)


def test_what_fits_is_let_through():
    check((), forms.vector(3), "classes")
    check((Flip(), Color(), Noise(), Mixup()), forms.grid(3, 8, 8), "classes")
    check((Flip(), Color()), CLIP, "mask")
    check((Flip(),), forms.grid(1, 8, 8), "boxes")
    check((Noise(), Mixup()), forms.vector(3), "values")


@pytest.mark.parametrize(
    ("part", "form", "answers", "why"),
    [
        (Flip(), forms.vector(3), "classes", "flip changes a grid, and this data is a vector"),
        (Mixup(), forms.grid(3, 8, 8), "mask", "mixup does not go with mask"),
        (Mixup(), forms.grid(3, 8, 8), "boxes", "mixup does not go with boxes"),
        (Mixup(), forms.grid(3, 8, 8), "pairs", "mixup does not go with pairs"),
        (Color(), forms.grid(1, 8, 8), "classes", "color needs pictures of 3 channels, and these have 1"),
        (Color(), forms.grid(3, 8, 8, frames=3), "classes", "color needs pictures of 3 channels, and these have 1"),
    ],
)
def test_what_does_not_fit_is_refused(part, form, answers, why):
    with pytest.raises(RecipeError, match=why) as caught:
        check((Noise(), part), form, answers)
    assert caught.value.place is not None and caught.value.place.path == "data.augment"
