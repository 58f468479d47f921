"""How fast the studio is under the hand; each module prints one JSON object."""

import studio  # noqa: F401  before NumPy, whose threads it keeps out of torch's way
