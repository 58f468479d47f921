"""Reverie: a studio in the browser for small generative models of pictures."""

from __future__ import annotations

import os

__version__ = "0.1.0"

# Before torch loads OpenMP: its threads then sleep instead of spinning while they
# wait for each other. On two cores shared with a browser, spinning made training
# steps three times slower and burned the other programs' time.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
