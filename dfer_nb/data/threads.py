"""How many threads read clips at once."""

import os

LOOKING = 4  # at names, sizes and a few bytes: a disk over a network answers many questions at once
DECODING = min(os.cpu_count() or 1, 8)
