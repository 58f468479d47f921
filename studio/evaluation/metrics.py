"""Distances between two sets of pictures, by their patches or by their features."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

PATCH = 7  # pixels, each side
COARSEST = 16  # pixels, the shorter side of the last level
TOGETHER = 32  # pictures split in one go: what lies between takes memory


def laplacian_pyramid(pixels: Tensor) -> list[Tensor]:
    """Split pixels [N,3,H,W] into bands, fine to coarse; the last is the remainder."""
    parts = [_split_bands(some) for some in pixels.split(TOGETHER)]
    return [torch.cat(bands) for bands in zip(*parts, strict=True)]


def _split_bands(pixels: Tensor) -> list[Tensor]:
    bands = []
    while min(pixels.shape[2:]) >= 2 * COARSEST:
        smaller = F.avg_pool2d(pixels, 2)
        back = F.interpolate(
            smaller, size=pixels.shape[2:], mode="bilinear", align_corners=False
        )
        bands.append(pixels - back)
        pixels = smaller
    return [*bands, pixels]


def draw_patches(
    pixels: Tensor, count: int, chance: torch.Generator
) -> dict[int, Tensor]:
    """Draw `count` patches anywhere in each band of pixels [N,3,H,W].

    [count, 3*7*7] by the band's height. Few pictures are split at a time: the bands of
    all are larger than the pictures.
    """
    shapes = [band.shape[2:] for band in _split_bands(pixels[:1])]
    drawn = [_draw(len(pixels), h, w, count, chance) for h, w in shapes]
    patches = [pixels.new_empty(count, 3 * PATCH * PATCH) for _ in shapes]
    for start in range(0, len(pixels), TOGETHER):
        bands = _split_bands(pixels[start : start + TOGETHER])
        for band, (which, top, left), found in zip(bands, drawn, patches, strict=True):
            rows = (which >= start) & (which < start + len(band))
            found[rows] = _cut(band, which[rows] - start, top[rows], left[rows])
    return {shape[0]: found for shape, found in zip(shapes, patches, strict=True)}


def _draw(
    n: int, h: int, w: int, count: int, chance: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw pictures, and the top and left of patches in them: [count] each."""
    return (
        torch.randint(n, (count,), generator=chance),
        torch.randint(h - PATCH + 1, (count,), generator=chance),
        torch.randint(w - PATCH + 1, (count,), generator=chance),
    )


def _cut(band: Tensor, which: Tensor, top: Tensor, left: Tensor) -> Tensor:
    """Cut patches [n,C*7*7] out of a band [N,C,H,W]."""
    span = torch.arange(PATCH)
    rows = (top[:, None] + span)[:, :, None]  # [n,7,1]
    columns = (left[:, None] + span)[:, None, :]  # [n,1,7]
    patches = band.permute(0, 2, 3, 1)[which[:, None, None], rows, columns]
    return patches.flatten(1)


def sliced_wasserstein(
    a: Tensor, b: Tensor, chance: torch.Generator, projections: int = 256
) -> float:
    """Give the sliced Wasserstein-1 distance of two samples [M,D] of equal size.

    Mean over random directions of the distance of the sorted projections
    (arXiv:1710.10196, section 5).
    """
    directions = torch.randn(a.shape[1], projections, generator=chance)
    directions /= directions.norm(dim=0)
    # NumPy sorts with vector instructions: measured fifteen times faster than torch
    ours, theirs = (
        np.sort((directions.T @ sample.T).numpy(), axis=1) for sample in (a, b)
    )
    return float(np.abs(ours - theirs).mean())


def patch_distances(
    made: Tensor, real: Tensor, seed: int = 0, count: int = 8192
) -> dict[int, float]:
    """Compare the patches of two sets of pixels [N,3,H,W], a number per scale.

    Keys are the height of the level in pixels, values are 1000 times the sliced
    Wasserstein distance in units of the real patches' own deviation; 0 is equal.
    Compare with `real` split in halves to learn what is good.
    """
    chance = torch.Generator().manual_seed(seed)
    ours, theirs = (draw_patches(pixels, count, chance) for pixels in (made, real))
    distances = {}
    for height, patches in ours.items():
        mean, deviation = theirs[height].mean(), theirs[height].std() + 1e-8
        a, b = ((side - mean) / deviation for side in (patches, theirs[height]))
        distances[height] = 1000 * sliced_wasserstein(a, b, chance)
    return distances


def kernel_distance(made: np.ndarray, real: np.ndarray) -> float:
    """Give the kernel distance of features [N,D] and [M,D], times 1000.

    The unbiased squared maximum mean discrepancy under the kernel (x.y / D + 1)^3
    (Eq. 4, arXiv:1801.01401), over all samples at once; about 0 for two samples of
    the same pictures, and below it as often as above.
    """
    n, m = len(made), len(real)
    ours, theirs, mixed = (
        (a.astype(np.float64) @ b.T / a.shape[1] + 1) ** 3
        for a, b in ((made, made), (real, real), (made, real))
    )
    within = (ours.sum() - np.trace(ours)) / (n * (n - 1))
    within += (theirs.sum() - np.trace(theirs)) / (m * (m - 1))
    return 1000 * float(within - 2 * mixed.mean())


def frechet_distance(made: np.ndarray, real: np.ndarray) -> float:
    """Give the Frechet distance of Gaussians fitted to features [N,D] and [M,D].

    |a - b|^2 + tr(A + B - 2 (A B)^(1/2)) (Eq. 6, arXiv:1706.08500). With A = X'X and
    B = Y'Y the trace of the root is the sum of the singular values of XY', so that
    features of thousands of numbers cost what their few samples do. Larger the fewer
    there are, and never to be called FID unless the features are Inception's.
    """
    (a, x), (b, y) = (_spread(x.astype(np.float64)) for x in (made, real))
    mixed = np.linalg.svd(x @ y.T, compute_uv=False).sum()
    return float(((a - b) ** 2).sum() + (x**2).sum() + (y**2).sum() - 2 * mixed)


def _spread(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the mean of features [N,D], and a root X of their covariance X'X."""
    mean = features.mean(axis=0)
    root = (features - mean) / np.sqrt(len(features) - 1)
    if len(root) > root.shape[1]:
        root = np.asarray(np.linalg.qr(root, "r"))
    return mean, root


def density_and_coverage(
    made: np.ndarray, real: np.ndarray, neighbours: int = 5
) -> tuple[float, float]:
    """Tell how near made features [N,D] lie to real ones [M,D], and what they reach.

    A real picture's ball ends at its fifth neighbour. Density is how many balls a made
    picture lies in, over `neighbours`; coverage is the share of balls with a made
    picture inside (Eq. 5 and 6, arXiv:2002.09797). Coverage depends on N and M: compare
    with real pictures in place of the made ones, as many of them.
    """
    inside = _inside(made, real, neighbours)
    return float(inside.sum(axis=0).mean() / neighbours), float(
        inside.any(axis=1).mean()
    )


def reached(made: np.ndarray, real: np.ndarray, neighbours: int = 5) -> np.ndarray:
    """Say of each real picture whether a made one lies in its ball: bool [M].

    The mean is coverage (see `density_and_coverage`).
    """
    return np.asarray(_inside(made, real, neighbours).any(axis=1))


def _inside(made: np.ndarray, real: np.ndarray, neighbours: int) -> np.ndarray:
    """Say which made pictures lie in which balls: [M,N]."""
    among = np.sort(distances(real, real), axis=1)
    radius = among[:, neighbours]  # the first is the picture itself
    return np.asarray(distances(real, made) < radius[:, None])


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Give the Euclidean distances of every row of a [N,D] to every row of b: [N,M]."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.sqrt(np.maximum(squares, 0))


def band_energies(made: Tensor, real: Tensor) -> dict[int, float]:
    """Compare the energy of each band of made pixels [N,3,H,W] with the same reals'.

    Keys as in `patch_distances`; 1 is as much detail, 0 a blank. A blurred picture may
    be near its original and lacks the finest bands.
    """
    pairs = zip(laplacian_pyramid(made), laplacian_pyramid(real), strict=True)
    return {
        a.shape[2]: float(a.square().mean() / b.square().mean().clamp_min(1e-12))
        for a, b in pairs
    }


def signal_to_noise(made: Tensor, real: Tensor) -> float:
    """Give the mean over pictures of the PSNR in dB, pixels [N,3,H,W] in [-1,1]."""
    error = ((made - real) / 2).square().mean(dim=(1, 2, 3)).clamp_min(1e-10)
    return float(-10 * error.log10().mean())


def perceptual(made: list[Tensor], real: list[Tensor]) -> Tensor:
    """Give how differently a network sees two sets of pictures; maps [N,C,h,w].

    Squared distance of the maps' vectors, each brought to length 1, mean over places
    and maps (Eq. 1, arXiv:1801.03924, without its learnt weights): 0 to 4.
    """
    parts = [
        (F.normalize(a) - F.normalize(b)).square().sum(dim=1).mean()
        for a, b in zip(made, real, strict=True)
    ]
    return torch.stack(parts).mean()
