"""A person's own `nn.Module` as a family."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, WithJsonSchema

from pellucid.errors import Place, RecipeError, quote
from pellucid.families.family import Family
from pellucid.forms import Form, grid, vector

if TYPE_CHECKING:
    from pellucid.nn.trunk import Trunk

Maker = Annotated[Callable[..., Any], WithJsonSchema({"type": "function"})]


class Foreign(Family):
    """Any module that takes x_BD (or x_BCHW) and gives x_BD (or x_BCHW); the head comes after it.

    From Python give the class as `module`; from a recipe name it, and name its file with `--code FILE`.
    """

    kind: Literal["foreign"] = "foreign"
    accepts: ClassVar = frozenset({"vector", "grid"})
    gives: ClassVar = frozenset({"vector", "grid"})
    code: ClassVar = "module"

    name: str = ""
    """Name of the class or function that makes the module."""
    module: Maker | None = Field(default=None, exclude=True)
    """What makes the module; never written to a recipe."""
    arguments: dict[str, Any] = {}
    """Keyword arguments for it. `width`, or `channels`, `height` and `breadth`, are given where it asks for them."""
    input: Literal["vector", "grid"] = "vector"
    """The Form it takes."""

    def model_post_init(self, context: Any) -> None:
        """Names the module after its class where no name is given."""
        if self.module is not None and not self.name:
            object.__setattr__(self, "name", getattr(self.module, "__name__", type(self.module).__name__))

    def foreign(self) -> bool:
        """A person's own module may."""
        return True

    def takes(self) -> frozenset[str]:
        """The one Form it declares."""
        return frozenset({self.input})

    def build(self, form: Form) -> Trunk:
        """The module, tried once on two examples of zeros to see the Form it gives.

        Raises: RecipeError where there is no such module, or it does not run on this Form.
        """
        import torch

        from pellucid.nn.trunk import Trunk

        if self.module is None:
            raise RecipeError(
                "RECIPE-CODE",
                f"no code gives {quote(self.name)}",
                place=Place(path="model.name"),
                hint="name the file that defines it: --code net.py; from Python: code=pellucid.Code({name: module})",
            )
        made = self._make(form)
        if not isinstance(made, torch.nn.Module):
            raise RecipeError("RECIPE-CODE", f"{quote(self.name)} gives no nn.Module", place=Place(path="model.name"))
        try:
            with torch.no_grad():
                out = made.eval()(torch.zeros(2, form.width, *form.extent))
        except (RuntimeError, TypeError, ValueError, IndexError) as fault:
            message = f"{quote(self.name)} does not take {form}: {str(fault).splitlines()[0]}"
            raise RecipeError("RECIPE-CODE", message, place=Place(path="model")) from fault
        made.train()
        if not isinstance(out, torch.Tensor) or out.dim() not in (2, 4) or out.shape[0] != 2:
            given = tuple(out.shape) if isinstance(out, torch.Tensor) else type(out).__name__
            message = (
                f"{quote(self.name)} gives {given} for 2 examples; expected (2, width) or (2, channels, height, width)"
            )
            raise RecipeError("RECIPE-CODE", message, place=Place(path="model"))
        return Trunk([made], vector(out.shape[1]) if out.dim() == 2 else grid(*out.shape[1:]))

    def _make(self, form: Form) -> Any:
        """What `module` gives for the arguments of the recipe and the sizes of the input that it asks for."""
        assert self.module is not None
        sizes = {"width": form.width}
        if form.extent:
            sizes = {"channels": form.width, "height": form.extent[0], "breadth": form.extent[1]}
        try:
            asked = inspect.signature(self.module).parameters
            return self.module(**{name: size for name, size in sizes.items() if name in asked} | self.arguments)
        except (TypeError, ValueError) as fault:
            message = f"{quote(self.name)} cannot be made: {str(fault).splitlines()[0]}"
            hint = "give what it needs: model.arguments: {name: value}"
            raise RecipeError("RECIPE-CODE", message, place=Place(path="model.arguments"), hint=hint) from fault
