"""Layouts of pictures of several kinds: what differs within a kind, not between them.

What tells kinds apart often lies in the first components of a layout (a white plate, a
dark sky). Were z to name those too, it would ask for one kind where another is asked
for, and asking would be in vain.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from studio.training.kinds import Kinds
from studio.training.layout import Layout


class KindLayout(nn.Module):
    """Reads how latents are laid out beside what is usual for their kind."""

    usual: Tensor  # the mean of each kind, and last of those of none: [kinds+1,C,h,w]

    def __init__(self, latents: Tensor, z_dim: int, kinds: Kinds) -> None:
        """Take real latents [N,C,h,w], any float type, of these kinds."""
        super().__init__()
        each = [latents[kinds.of == kind] for kind in range(len(kinds.names))]
        none = latents[kinds.of < 0]
        each.append(none if len(none) else latents)
        usual = torch.stack([x.float().mean(dim=0) for x in each])
        self.register_buffer("usual", usual)
        self.layout = Layout(latents.float() - usual[kinds.of], z_dim)

    def forward(self, latents: Tensor, z: Tensor, kinds: Tensor) -> Tensor:
        """Give how far latents, of kinds [N,kinds], are from the layout of z: [N]."""
        none = 1 - kinds.sum(dim=1, keepdim=True)
        usual = torch.cat([kinds, none], dim=1) @ self.usual.flatten(1)
        distance: Tensor = self.layout(latents - usual.view_as(latents), z)
        return distance
