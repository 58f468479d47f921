"""What a run shows while its autoencoder learns: pictures, and how they come back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from studio.evaluation.metrics import band_energies, signal_to_noise
from studio.model import to_bytes, to_pixels
from studio.networks.autoencoder import Autoencoder
from studio.training.dataset import Pictures
from studio.training.run import Run
from studio.training.sheet import join_sheet

SHOWN = 6
MEASURED = 48


class Mirror:
    """Holds pictures that were kept from learning up to the autoencoder of a run."""

    def __init__(self, run: Run, pictures: Pictures, device: torch.device) -> None:
        self.run, self.pictures, self.device = run, pictures, device

    @torch.no_grad()
    def look(self, autoencoder: Autoencoder, kimg: int) -> dict[str, Any]:
        """Write originals above what comes back, and measure it.

        Gives PSNR in dB and, for each band by its height in pixels, the energy over the
        original's.
        """
        chosen = (self.pictures.held_out or self.pictures.train)[:MEASURED]
        whole = [self.pictures.whole(i) for i in chosen]
        real = to_pixels(whole)
        made = self._rebuild(autoencoder, real)
        rows = np.stack([*to_bytes(real[:SHOWN]), *to_bytes(made[:SHOWN])])
        sheet = join_sheet(rows, columns=min(SHOWN, len(real)))
        self.run.write_sheet(f"autoencoder-{kimg:06d}.webp", sheet)
        bands = band_energies(made, real)
        return {
            "psnr_db": round(signal_to_noise(made, real), 2),
            "detail": {str(height): round(share, 3) for height, share in bands.items()},
        }

    def _rebuild(self, autoencoder: Autoencoder, real: torch.Tensor) -> torch.Tensor:
        parts = [
            autoencoder.decode(autoencoder.encode(part.to(self.device))).cpu()
            for part in real.split(16)
        ]
        return torch.cat(parts).float().clamp(-1, 1)


@torch.inference_mode()
def rebuild(autoencoder: Autoencoder, images: Sequence[np.ndarray]) -> np.ndarray:
    """Give images uint8 [H,W,3] of one size as they are painted back: [N,H,W,3]."""
    return to_bytes(autoencoder.decode(autoencoder.encode(to_pixels(images))))
