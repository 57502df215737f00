"""What a golden file keeps of a gradient that is too large to keep whole.

Some of its values, its length, and its sums under random signs. For any error e of a gradient, the
square of a sum of e under random signs is |e|² on average; so the 32 sums tell how far another
gradient is from this one without knowing more of this one.

Signs and indices come from a hash of a counter, so that any language computes the same in any
order; README.md has the definition in words.
"""

from __future__ import annotations

from functools import cache

import numpy as np

#: A gradient with no more elements than this is kept whole.
WHOLE = 4096
SAMPLES = 1024
PROJECTIONS = 32

_GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)


def summarize(gradient: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """The datasets that stand for a large gradient.

    The sums are taken in float64 whatever the gradient's type, by numpy's own pairwise sum: a
    dot product would be left to a BLAS, whose order of summation depends on the processor.
    """
    flat = gradient.ravel()
    exact = flat.astype(np.float64)
    return {
        "samples": flat[sample_indices(seed, flat.size)],
        "projections": np.array([(exact * row).sum() for row in signs(seed, flat.size)]),
        "norm": np.sqrt(np.square(exact).sum(keepdims=True)),
    }


def signs(seed: int, count: int) -> np.ndarray:
    """(PROJECTIONS, count), int8: +1, or -1 where the hash's top bit is set."""
    # The signs of a short gradient are the first ones of a long gradient.
    return _sign_table(seed, 1 << (count - 1).bit_length())[:, :count]


@cache
def _sign_table(seed: int, count: int) -> np.ndarray:
    rows = [counter_hash(seed, row, count) >> np.uint64(63) for row in range(PROJECTIONS)]
    return 1 - 2 * np.stack(rows).astype(np.int8)


def sample_indices(seed: int, count: int) -> np.ndarray:
    """Flat indices of the samples: hashes of the row after the last projection's, modulo count."""
    return (counter_hash(seed, PROJECTIONS, SAMPLES) % np.uint64(count)).astype(np.int64)


def counter_hash(seed: int, row: int, count: int) -> np.ndarray:
    """SplitMix64's mix of seed + (row * 2^40 + i) * golden gamma, for i from 0 up to count."""
    counter = np.arange(count, dtype=np.uint64) + np.uint64(row << 40)
    z = counter * _GOLDEN_GAMMA + np.uint64(seed)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
