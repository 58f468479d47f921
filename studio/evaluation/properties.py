"""What can be seen in a picture, as numbers: brightness, warmth, detail, sky, ..."""

from __future__ import annotations

import numpy as np

PROPERTIES = (
    "brightness",
    "warmth",
    "greenness",
    "saturation",
    "contrast",
    "detail",
    "sky",
)


def measure_properties(pictures: np.ndarray) -> dict[str, np.ndarray]:
    """Measure uint8 pictures [N,H,W,3]: one number a picture and property, [N].

    All are in units of full scale (0..1 or -1..1). `sky` is how much lighter the
    upper third is than the lower third.
    """
    rgb = pictures.astype(np.float32) / 255
    red, green, blue = np.moveaxis(rgb, 3, 0)  # each [N,H,W]
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    third = light.shape[1] // 3
    across = np.abs(np.diff(light, axis=2)).mean(axis=(1, 2))
    down = np.abs(np.diff(light, axis=1)).mean(axis=(1, 2))
    values = (
        light.mean(axis=(1, 2)),
        (red - blue).mean(axis=(1, 2)),
        (green - (red + blue) / 2).mean(axis=(1, 2)),
        (rgb.max(axis=3) - rgb.min(axis=3)).mean(axis=(1, 2)),
        light.std(axis=(1, 2)),
        across + down,
        light[:, :third].mean(axis=(1, 2)) - light[:, -third:].mean(axis=(1, 2)),
    )
    return dict(zip(PROPERTIES, values, strict=True))
