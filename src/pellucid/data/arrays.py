"""Arrays of numbers in memory as data: the form in which scikit-learn hands rows over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Lt

from pellucid.data.signature import Column, Signature, Target
from pellucid.data.source import Data, Loaded, Raw
from pellucid.findings import Finding

if TYPE_CHECKING:
    import numpy as np

    from pellucid.data.batch import Batch, Scale
    from pellucid.data.split import Split

FEWEST = 40
"""Rows from which some are set aside for validation; below, the training rows are looked at instead."""


@dataclass(frozen=True)
class ArrayRaw:
    """Rows as arrays."""

    x_ND: np.ndarray
    """float64 or float32, finite."""
    target: np.ndarray | None = None
    """int64 codes_N, or float64 values_ND."""
    classes: tuple[str, ...] = ()
    weight_N: np.ndarray | None = None
    findings: tuple[Finding, ...] = ()

    def names_of_rows(self, signature: Signature) -> dict[str, list[str | None]]:
        """None: arrays name no rows."""
        return {}

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.x_ND)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the numbers."""
        digest = sha256(self.x_ND.tobytes())
        if self.target is not None:
            digest.update(self.target.tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class ArrayPreparation:
    """Standardises columns, and targets that are values."""

    mean_D: np.ndarray
    scale_D: np.ndarray
    scale: Scale | None

    def apply(self, raw: Raw, signature: Signature) -> Batch:
        """x_BD float32, and the target where there is one."""
        import torch

        from pellucid.data.batch import Batch

        assert isinstance(raw, ArrayRaw)
        x_BD = torch.from_numpy(((raw.x_ND - self.mean_D) / self.scale_D).astype("float32"))
        target = None if raw.target is None else torch.from_numpy(raw.target.copy())
        if target is not None and target.is_floating_point():
            assert self.scale is not None
            target = ((target - self.scale.mean_D) / self.scale.scale_D).float()
        weight_B = None if raw.weight_N is None else torch.from_numpy(raw.weight_N.astype("float32"))
        return Batch(x_BD, target, weight_B, torch.arange(raw.rows))

    def arrays(self) -> dict[str, np.ndarray]:
        """Means and scales."""
        held = {"mean_D": self.mean_D, "scale_D": self.scale_D}
        if self.scale is not None:
            held |= {"target_mean_D": self.scale.mean_D.numpy(), "target_scale_D": self.scale.scale_D.numpy()}
        return held

    def names(self) -> list[str]:
        """Columns by number."""
        return [f"x{place}" for place in range(len(self.mean_D))]


class Arrays(Data):
    """Rows of numbers that stand in memory already."""

    kind: Literal["arrays"] = "arrays"
    valid: Annotated[float, Ge(0), Lt(1)] = 0.1
    """Share of the rows that is set aside to choose the best weights."""

    def read(self) -> Raw:
        """There is nothing to read."""
        raise AssertionError("rows in memory are handed over")

    def read_rows(self, rows: Any) -> Raw:
        """Arrays are taken as they are."""
        assert isinstance(rows, ArrayRaw)
        return rows

    def read_new(self, source: Any, signature: Signature, *, labelled: bool = False) -> Raw:
        """Arrays are taken as they are."""
        assert isinstance(source, ArrayRaw)
        return source

    def inspect(self, raw: Raw) -> Signature:
        """Every column is a number."""
        assert isinstance(raw, ArrayRaw) and raw.target is not None
        columns = tuple(
            Column(f"x{place}", "number", "input", "a column of an array") for place in range(raw.x_ND.shape[1])
        )
        if raw.classes:
            target = Target("classes", ("y",), raw.classes, why="given as classes")
        else:
            target = Target(
                "values", tuple(f"y{place}" for place in range(raw.target.shape[1])), why="given as numbers"
            )
        return Signature("table", "arrays", raw.rows, raw.fingerprint, target, columns)

    def load(self, raw: Raw, signature: Signature, split: Split, seed: int) -> Loaded:
        """Sets some rows aside, and fits means and scales on the others."""
        import numpy as np

        from pellucid.data.batch import Dataset
        from pellucid.forms import vector

        assert isinstance(raw, ArrayRaw)
        part_N = self._parts(raw, seed)
        train = raw.x_ND[part_N == 0]
        weight_N = np.ones(len(train)) if raw.weight_N is None else raw.weight_N[part_N == 0].astype(float)
        weight_N = weight_N if weight_N.sum() > 0 else np.ones(len(train))
        mean_D = np.average(train, axis=0, weights=weight_N)
        scale_D = np.sqrt(np.average((train - mean_D) ** 2, axis=0, weights=weight_N))
        scale_D = np.where(scale_D > 1e-12 * np.maximum(np.abs(mean_D), 1.0), scale_D, 1.0)
        preparation = ArrayPreparation(mean_D, scale_D, _target_scale(raw, part_N))
        whole = preparation.apply(raw, signature)
        chosen = [whole.take(_index(part_N == place)) for place in (0, 1)]
        valid = chosen[1] if len(chosen[1]) else chosen[0]
        dataset = Dataset(chosen[0], valid, whole.part(0, 0), vector(raw.x_ND.shape[1]), scale=preparation.scale)
        share = {"train": len(chosen[0]), "valid": len(valid), "test": 0}
        return Loaded(dataset, preparation, signature, share)

    def restore(self, arrays: Mapping[str, np.ndarray], signature: Signature) -> ArrayPreparation:
        """The preparation that `arrays` was saved from."""
        import torch

        from pellucid.data.batch import Scale

        scale = None
        if "target_mean_D" in arrays:
            scale = Scale(torch.from_numpy(arrays["target_mean_D"]), torch.from_numpy(arrays["target_scale_D"]))
        return ArrayPreparation(arrays["mean_D"], arrays["scale_D"], scale)

    def _parts(self, raw: ArrayRaw, seed: int) -> np.ndarray:
        """0 for training, 1 for validation, drawn within each class."""
        import numpy as np

        from pellucid import seeds

        part_N = np.zeros(raw.rows, np.uint8)
        assert raw.target is not None
        if raw.rows < FEWEST or self.valid == 0:
            return part_N
        random = np.random.Generator(np.random.Philox(seeds.key(seed, "split")))
        codes = raw.target if raw.classes else np.zeros(raw.rows, np.int64)
        for code in np.unique(codes):
            rows = random.permutation(np.flatnonzero(codes == code))
            part_N[rows[: int(self.valid * len(rows))]] = 1
        return part_N


def _target_scale(raw: ArrayRaw, part_N: np.ndarray) -> Scale | None:
    import torch

    from pellucid.data.batch import Scale

    assert raw.target is not None
    if raw.classes:
        return None
    train = torch.from_numpy(raw.target[part_N == 0])
    scale_D = train.std(0, correction=0)
    return Scale(train.mean(0), torch.where(scale_D > 0, scale_D, torch.ones_like(scale_D)))


def _index(mask_N: np.ndarray) -> Any:
    import numpy as np
    import torch

    return torch.from_numpy(np.flatnonzero(mask_N))
