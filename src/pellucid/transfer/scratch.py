"""The start from nothing: random weights, each tensor from its own named stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pellucid.transfer.start import Start

if TYPE_CHECKING:
    from pellucid.data.batch import Batch
    from pellucid.families.family import Family
    from pellucid.network.assemble import Network


class Scratch(Start):
    """Fresh weights as the family's initialiser gives them; biases 0, but for what recurrent layers ask."""

    kind: Literal["scratch"] = "scratch"

    def apply(self, network: Network, family: Family, sample: Batch, seed: int) -> None:
        """Fills trunk, bridge and head; a stream is named by its tensor, so a new layer does not change the others."""
        import torch
        from torch import nn

        from pellucid import seeds
        from pellucid.nn.init import lsuv_scale
        from pellucid.nn.init_parts import Xavier
        from pellucid.nn.recurrent_cells import Recurrent

        chosen = family.start()
        with torch.no_grad():
            for name, module in network.named_modules():
                generator = seeds.generator(seed, "init", name)
                if isinstance(module, nn.Embedding):
                    module.weight.normal_(0.0, module.embedding_dim**-0.5, generator=generator)
                    if module.padding_idx is not None:
                        module.weight[module.padding_idx] = 0.0
                if isinstance(module, Recurrent):
                    module.fill(*(chosen or (Xavier(), 1.0)), generator)
                head = name.split(".")[0] == "head"
                if not isinstance(module, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)) or (chosen is None and not head):
                    continue
                # a transposed convolution keeps its weights as inputs x outputs
                weight = module.weight.transpose(0, 1) if isinstance(module, nn.ConvTranspose2d) else module.weight
                if head or chosen is None:
                    Xavier().fill(weight, generator, 1.0)
                else:
                    chosen[0].fill(weight, generator, chosen[1])
                if module.bias is not None:
                    module.bias.zero_()
        if chosen is not None and chosen[0].needs_data:
            lsuv_scale(network, sample.input)
