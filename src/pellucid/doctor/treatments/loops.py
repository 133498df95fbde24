"""Treatments of scripts alone: of the loop, the loss, and what goes in. A recipe cannot have these faults."""

from __future__ import annotations

from typing import ClassVar, Literal

from pellucid.doctor.treatment import Shim, Treatment
from pellucid.findings import Finding


class ClearGradients(Treatment):
    """Gradients that are cleared after each step, and nowhere else."""

    kind: Literal["clear_gradients"] = "clear_gradients"
    reason: ClassVar = "each step follows the gradient of its own batch, all of it"

    def shim(self, finding: Finding) -> Shim:
        """Where they were cleared too early, the script's own clearing is left out."""
        return {"kind": "clear_gradients", "elsewhere": finding.check != "gradients-cleared-early"}


class TrainMode(Treatment):
    """Training mode while the network learns."""

    kind: Literal["train_mode"] = "train_mode"
    reason: ClassVar = "dropout and batch norm work as they should while weights move"

    def shim(self, finding: Finding) -> Shim:
        """At each pass with gradients."""
        return {"kind": "mode", "evaluating": False}


class EvalMode(Treatment):
    """Evaluation mode while the network is judged."""

    kind: Literal["eval_mode"] = "eval_mode"
    reason: ClassVar = "no unit is dropped, and no batch norm learns from rows that are only to judge"

    def shim(self, finding: Finding) -> Shim:
        """At each pass without gradients."""
        return {"kind": "mode", "evaluating": True}


class QuietDropout(Treatment):
    """No dropout while the network is judged."""

    kind: Literal["quiet_dropout"] = "quiet_dropout"
    reason: ClassVar = "the same rows get the same answer, from all units"

    def shim(self, finding: Finding) -> Shim:
        """At each pass without gradients."""
        return {"kind": "dropout", "evaluating": False}


class HoldAll(Treatment):
    """Every parameter that gets a gradient in the optimizer."""

    kind: Literal["hold_all"] = "hold_all"
    reason: ClassVar = "the layers that stood still learn too"

    def shim(self, finding: Finding) -> Shim:
        """Joins them to the optimizer at its first step; frozen ones are set free where that is the fault."""
        return {"kind": "hold_all", "thaw": finding.check == "frozen"}


class SmallerScale(Treatment):
    """A gradient scaler that begins with a factor of 1024."""

    kind: Literal["smaller_scale"] = "smaller_scale"
    reason: ClassVar = "scaled gradients that fit the half-precision numbers make no infinity, so no step is left out"

    def shim(self, finding: Finding) -> Shim:
        """As it is made."""
        return {"kind": "loss_scale", "start": 1024.0}


class OtherSign(Treatment):
    """The other sign of what is minimized."""

    kind: Literal["other_sign"] = "other_sign"
    reason: ClassVar = "each step makes the batch it has seen better, not worse"

    def shim(self, finding: Finding) -> Shim:
        """At each backward pass."""
        return {"kind": "other_sign"}


class Logits(Treatment):
    """The loss gets what it is made for: the logarithm of probabilities, or the numbers before them."""

    kind: Literal["logits"] = "logits"
    reason: ClassVar = "the loss makes probabilities once, not twice and not never"

    def shim(self, finding: Finding) -> Shim:
        """At each call: log p is its own log-softmax, so this is exact."""
        return {"kind": "logits"}


class MeanLoss(Treatment):
    """The mean of the losses of a batch in the place of their sum."""

    kind: Literal["mean_loss"] = "mean_loss"
    reason: ClassVar = "the size of a step no longer grows with the number of rows"

    def shim(self, finding: Finding) -> Shim:
        """At each call of a loss function."""
        return {"kind": "mean"}


class EqualShapes(Treatment):
    """Targets in the shape of the output."""

    kind: Literal["equal_shapes"] = "equal_shapes"
    reason: ClassVar = "each output is compared with its own target, not with all of them"

    def shim(self, finding: Finding) -> Shim:
        """At each call of a loss function."""
        return {"kind": "shapes"}


class StandardTargets(Treatment):
    """Targets of mean 0 and deviation 1."""

    kind: Literal["standard_targets"] = "standard_targets"
    reason: ClassVar = "outputs begin near 0 and vary by about 1, so they have no way to go before they learn"

    def shim(self, finding: Finding) -> Shim:
        """At each call of a loss function, with what the first 20 batches say."""
        return {"kind": "targets"}


class StandardInputs(Treatment):
    """Inputs of mean 0 and deviation 1."""

    kind: Literal["standard_inputs"] = "standard_inputs"
    reason: ClassVar = "first weights and learning rates are made for inputs of this size"

    def shim(self, finding: Finding) -> Shim:
        """Before the network, with what the first 20 batches say."""
        return {"kind": "inputs", "standardise": True}


class CleanInputs(Treatment):
    """Inputs without gaps and without values far from all others."""

    kind: Literal["clean_inputs"] = "clean_inputs"
    reason: ClassVar = "one broken row cannot spoil all weights"

    def shim(self, finding: Finding) -> Shim:
        """Before the network: gaps become the mean, and values end 10 deviations from it."""
        return {"kind": "inputs", "standardise": False}


class ShuffledRows(Treatment):
    """Rows in random order."""

    kind: Literal["shuffled_rows"] = "shuffled_rows"
    reason: ClassVar = "each batch is like all the data, so one step does not undo another"

    def shim(self, finding: Finding) -> Shim:
        """In every loader that draws them as they lie."""
        return {"kind": "shuffle"}


class OpenOutput(Treatment):
    """No activation behind the last layer."""

    kind: Literal["open_output"] = "open_output"
    reason: ClassVar = "the output can be any number that the targets are"

    def shim(self, finding: Finding) -> Shim:
        """Takes the last module out."""
        return {"kind": "open_output", "place": finding.place}


class ClassSoftmax(Treatment):
    """A softmax over the classes of one row."""

    kind: Literal["class_softmax"] = "class_softmax"
    reason: ClassVar = "the answer for one row no longer depends on the rows beside it"

    def shim(self, finding: Finding) -> Shim:
        """At each call that goes along the rows."""
        return {"kind": "softmax", "cure": "axis"}


class SigmoidOutput(Treatment):
    """A sigmoid in the place of a softmax over one unit."""

    kind: Literal["sigmoid_output"] = "sigmoid_output"
    reason: ClassVar = "the output can be other than 1, and so it gets a gradient"

    def shim(self, finding: Finding) -> Shim:
        """At each such call."""
        return {"kind": "softmax", "cure": "one"}


class RowNorm(Treatment):
    """Norms over the features of one row in the place of norms over a batch (Ba et al. 2016, arXiv:1607.06450)."""

    kind: Literal["row_norm"] = "row_norm"
    reason: ClassVar = "the mean of a few rows is mostly chance; that of a row's own features is not"

    def shim(self, finding: Finding) -> Shim:
        """Swaps the modules, and keeps their weights."""
        return {"kind": "group_norm"}
