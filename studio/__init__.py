"""Reverie: a studio in the browser for small generative models of pictures."""

from __future__ import annotations

__version__ = "0.1.0"
