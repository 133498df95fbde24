"""Treatments of the network: activations, first weights, norms, shortcuts, gates, size."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pellucid.doctor.treatment import Shim, Treatment
from pellucid.findings import Finding
from pellucid.recipe import Recipe

SMALLEST = 16
"""Units of a hidden layer that is added."""


def changed(recipe: Recipe, **fields: Any) -> Recipe | None:
    """The recipe with other settings of its model, where the model has them all."""
    model = recipe.model
    if model is None or not fields.keys() <= type(model).model_fields.keys():
        return None
    return recipe.replace(model=model.replace(**fields))


class Rectifier(Treatment):
    """ReLU as the activation (Glorot, Bordes and Bengio 2011), with first weights that fit it."""

    kind: Literal["rectifier"] = "rectifier"
    reason: ClassVar = "the slope of a rectifier is 1 wherever it is not 0, so many layers do not shrink the gradient"

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """Changes the activation, and leaves the first weights to what fits it."""
        fields: dict[str, Any] = {"activation": {"kind": "relu"}}
        if recipe.model is not None and "init" in type(recipe.model).model_fields:
            fields["init"] = None
        return changed(recipe, **fields)

    def shim(self, finding: Finding) -> Shim:
        """In the hidden layers that squash; their first weights are made anew."""
        return {"kind": "activation", "to": "relu"}


class Leaky(Treatment):
    """A rectifier that lets a little through where it is off (Maas, Hannun and Ng 2013)."""

    kind: Literal["leaky"] = "leaky"
    reason: ClassVar = "a unit with a slope everywhere cannot die: it always gets a gradient that can bring it back"

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """Changes the activation."""
        return changed(recipe, activation={"kind": "leaky_relu"})

    def shim(self, finding: Finding) -> Shim:
        """In the place of each hidden ReLU."""
        return {"kind": "activation", "to": "leaky"}


class FittingStart(Treatment):
    """First weights that fit the activation (Glorot and Bengio 2010; He et al. 2015, arXiv:1502.01852)."""

    kind: Literal["fitting_start"] = "fitting_start"
    reason: ClassVar = "first weights of the right size keep signals and gradients the same size through all layers"

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """Leaves the first weights to what fits."""
        return changed(recipe, init=None)

    def shim(self, finding: Finding) -> Shim:
        """Sets them as each layer runs for the first time, from what it is given."""
        return {"kind": "fitting_start"}


class UnitVariance(Treatment):
    """First weights scaled on a batch until every layer's output has deviation 1 (Mishkin and Matas 2016)."""

    kind: Literal["unit_variance"] = "unit_variance"
    reason: ClassVar = "every layer starts with outputs of one size, whatever its activation does to them"

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """Rotations, then scaled layer by layer."""
        return changed(recipe, init={"kind": "lsuv"})


class Norm(Treatment):
    """A norm behind each weighted sum (Ioffe and Szegedy 2015, arXiv:1502.03167; Ba et al. 2016, arXiv:1607.06450)."""

    kind: Literal["norm"] = "norm"
    reason: ClassVar = "a norm sets the size of each layer's output, whatever the weights before it do"

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """Layer norm where there is none."""
        return changed(recipe, norm="layer") if getattr(recipe.model, "norm", "") == "none" else None

    def shim(self, finding: Finding) -> Shim:
        """Behind each layer but the last."""
        return {"kind": "norm"}


class Shortcuts(Treatment):
    """Shortcuts around layers (He et al. 2015, arXiv:1512.03385)."""

    kind: Literal["shortcuts"] = "shortcuts"
    reason: ClassVar = "the gradient has a way back to the first layers that no weight makes smaller"

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """Switches them on."""
        return changed(recipe, residual=True)


class Gates(Treatment):
    """LSTM in the place of a plain recurrent network (Hochreiter and Schmidhuber 1997)."""

    kind: Literal["gates"] = "gates"
    reason: ClassVar = "a gate can carry what was read over many steps, with a slope of about 1"

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """Changes the family, and keeps what both have."""
        model = recipe.model
        if model is None or model.dump()["kind"] != "rnn":
            return None
        kept = {name: value for name, value in model.dump().items() if name in ("width", "depth", "dropout", "pool")}
        return recipe.replace(model={"kind": "lstm", **kept})


class HiddenLayer(Treatment):
    """A hidden layer."""

    kind: Literal["hidden_layer"] = "hidden_layer"
    reason: ClassVar = "one layer can only draw a straight line between classes; a hidden layer bends it"

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """One of 16 units where there is none."""
        return changed(recipe, widths=(SMALLEST,)) if getattr(recipe.model, "widths", None) == () else None


class Wider(Treatment):
    """More units in each layer."""

    kind: Literal["wider"] = "wider"
    reason: ClassVar = "with more units the network can bend where it could not"

    def recipe(self, recipe: Recipe, finding: Finding) -> Recipe | None:
        """Four times as many."""
        model = recipe.model
        for name in ("widths", "channels"):
            if widths := getattr(model, name, None):
                return changed(recipe, **{name: tuple(4 * width for width in widths)})
        width = getattr(model, "width", None)
        return changed(recipe, width=4 * width) if width else None
