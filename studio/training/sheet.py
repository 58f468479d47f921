"""Many small pictures as one."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image


def join_sheet(pictures: np.ndarray, columns: int) -> bytes:
    """Lay uint8 pictures [N,H,W,3] out in rows, as one WebP file."""
    n, h, w = pictures.shape[:3]
    rows = n // columns
    grid = pictures.reshape(rows, columns, h, w, 3).transpose(0, 2, 1, 3, 4)
    buffer = BytesIO()
    image = Image.fromarray(grid.reshape(rows * h, columns * w, 3))
    image.save(buffer, "WEBP", quality=88)
    return buffer.getvalue()
