"""Reverie: a studio in the browser for small generative models of pictures."""

from __future__ import annotations

import os

__version__ = "0.1.0"

# Before torch loads OpenMP, whose threads by default spin until there is work again.
# On cores shared with a browser that burns the other programs' time; sleeping at once
# costs a wake-up for each of a picture's hundred small operations (measured: 24 ms
# instead of 13). So they spin for some microseconds, then sleep.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # GNU's, in rounds
    os.environ.setdefault("KMP_BLOCKTIME", "0")  # LLVM's and Intel's, in milliseconds

# NumPy's threads are only used to learn somebody's taste: matrices so small that a
# second thread gains nothing, and waits for its core a hundred times longer than it
# works where torch has all of them (measured beside a training: 11 s instead of 0.1).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
