"""The part of a discriminator that does not learn any more (arXiv:2002.10964)."""

from __future__ import annotations

from torch import nn

from studio.networks.discriminator import Discriminator


def freeze_first(judge: Discriminator, blocks: int) -> None:
    """Keep the first blocks as they are: the stem is one, each halving is one more.

    Its last layers always learn. What was a parameter becomes a buffer of the same
    name: no optimiser sees it, nothing can switch it on again, and weights files and
    saved states stay the same.
    """
    for block in [judge.stem, *judge.halvings][:blocks]:
        for module in block.modules():
            _freeze(module)


def _freeze(module: nn.Module) -> None:
    own = dict(module.named_parameters(recurse=False))
    for name, parameter in own.items():
        delattr(module, name)
        module.register_buffer(name, parameter.detach())
