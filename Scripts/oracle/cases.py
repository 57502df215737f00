"""The images of every golden case.

Only the two photos have the network's image size. The synthetic cases are small and fixed: they
test one idea each, at every layer, and a small image keeps the golden file small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import skimage.data

from network import resize_bilinear

#: Every random value of the cases comes from this seed and the case's name.
SEED = 20180222

_PHOTO_SOURCE = "scikit-image data.{}(), {}, tf.image.resize bilinear"
_LICENCES = {
    "chelsea": "CC0",
    "coffee": "CC0",
    "astronaut": "public domain (NASA)",
    "rocket": "public domain (SpaceX)",
}

#: The photos, in the order in which the quarters of the sweep's base image show them.
MOTIFS = tuple(_LICENCES)


@dataclass(frozen=True)
class InferenceCase:
    """Images whose every end point is recorded."""

    name: str
    description: str
    source: str
    images: np.ndarray
    """(N, H, W, 3), float32, as fed to the module."""
    float64: bool = False
    """Whether the float64 activations are recorded too."""


@dataclass(frozen=True)
class SweepCase:
    """Crops of the sweep's base image, all of one size."""

    name: str
    height: int
    width: int
    origins: np.ndarray
    """(N, 2), int64: top and left of each crop."""
    activations: bool
    """Whether every end point is recorded, not only features and logits."""

    @property
    def description(self) -> str:
        crops = "a crop" if len(self.origins) == 1 else f"{len(self.origins)} crops"
        return f"{crops} of base, {self.height} high and {self.width} wide"

    def images(self, base: np.ndarray) -> np.ndarray:
        return np.stack([base[y : y + self.height, x : x + self.width] for y, x in self.origins])


@dataclass(frozen=True)
class Batch:
    """What one training step is fed."""

    images: np.ndarray
    """(N, H, W, 3), float32, in [0, 1]."""
    labels: np.ndarray
    """(N,), int32."""
    dropout_mask: np.ndarray
    """(N, features), float32: 1 where a feature is kept, 0 where it is dropped."""


@dataclass(frozen=True)
class TrainingCase:
    """A batch with which one training step's numbers are recorded."""

    name: str
    description: str
    source: str
    batch: Batch
    momentum: float
    """Batch norm's: the weight of the moving average's old value."""


@dataclass(frozen=True)
class Trajectory:
    """Batches with which the network is trained step by step."""

    description: str
    source: str
    batches: list[Batch]
    momentum: float


def photo(name: str) -> np.ndarray:
    """One of scikit-image's own photos, (H, W, 3), uint8. They come with the package."""
    return getattr(skimage.data, name)()


def inference_cases(height: int, width: int) -> list[InferenceCase]:
    """The cases of inference.h5, in the order of the file."""
    return [
        _photo_case("chelsea", height, width),
        _photo_case("coffee", height, width),
        InferenceCase(
            "pair",
            "a batch of two different photos: nothing may leak from one to the other",
            "; ".join(_PHOTO_SOURCE.format(n, _LICENCES[n]) for n in ("astronaut", "rocket")),
            np.stack([resize_bilinear(photo(n), 64, 64) for n in ("astronaut", "rocket")]),
            float64=True,
        ),
        _synthetic("zeros", "all zeros: every value is padding's, a bias's or a mean's", _full(0)),
        _synthetic("ones", "all ones: only the border can differ from the middle", _full(1)),
        *_hot_pixels(),
        _synthetic(
            "ramp",
            "red grows downwards, green to the right, blue diagonally: shows a transposition",
            _ramp(64, 48),
        ),
        _synthetic(
            "noise",
            f"uniform in [0, 1), seed {SEED}",
            _generator("noise").random((1, 64, 64, 3), np.float32),
            float64=True,
        ),
        _synthetic(
            "out_of_range",
            f"uniform in [-100, 100), seed {SEED}: images are not clamped",
            _generator("out_of_range").uniform(-100, 100, (1, 64, 64, 3)).astype(np.float32),
        ),
        _wide(),
    ]


def sweep_base() -> np.ndarray:
    """Four photos in the quarters of one image, (300, 300, 3), float32, all values k/255.

    Every second pixel of each photo, from its middle: enough of a motif in 150 x 150 pixels.
    """
    quarters = []
    for name in MOTIFS:
        half = photo(name)[::2, ::2]
        top, left = (half.shape[0] - 150) // 2, (half.shape[1] - 150) // 2
        quarters.append(half[top : top + 150, left : left + 150])
    base = np.vstack([np.hstack(quarters[:2]), np.hstack(quarters[2:])])
    return base.astype(np.float32) / np.float32(255)


def sweep_cases() -> list[SweepCase]:
    """The sizes of sweep.h5.

    A stride-2 layer pads by the parity of its input, and the five of them see ceil(n / 2^j): the
    squares 97 to 128 go through each of the 32 combinations exactly once.
    """
    squares = [(n, n) for n in (1, 2, 31, 32, 33, *range(97, 129), 160, 224)]
    oblong = [(1, 50), (50, 1), (17, 40), (33, 64), (97, 131), (128, 97), (131, 97), (250, 300)]
    # Those at which Scripts/recordings has other engines recorded, beside 33 x 33; and where in the
    # stand-in's first layer a dot product nearly cancels its bias: one that starts with the bias errs
    # by 1.8 of a bound that forgets it.
    oblong += [(45, 37), (61, 200)]
    cancelling = SweepCase("33x33_cancelling", 33, 33, np.array([[139, 65]]), False)
    batches = [(33, 64), (97, 113), (128, 128)]
    whole = {(1, 1), (2, 2), (1, 50), (50, 1), (17, 40), (31, 31), (32, 32), (33, 33)}
    return (
        [_sweep_case(h, w, 1, (h, w) in whole) for h, w in squares + oblong]
        + [_sweep_case(h, w, 3, False) for h, w in batches]
        + [cancelling]
    )


def training_cases(features: int, classes: int) -> list[TrainingCase]:
    """The cases of training.h5, in the order of the file.

    Their sizes are chosen by n, the number of values over which the last batch norms, from
    Conv2d_12_depthwise on, take a channel's mean and variance.
    """

    table = [
        ("one", "a single value has no variance", 0.997, MOTIFS[:1], _crops("one", 1, 32, 32)),
        # Batch norm over two values magnifies rounding errors, in four layers one after the other: on
        # most images a last bit of the variables moves gradients by 1e-10 in float64. Of some 6000
        # photos, crops and pairs tried, this one moves them least: by 7e-12 at most in the stand-in,
        # by 4e-12 in the original.
        (
            "two",
            "the unbiased variance is twice the biased one",
            0.99,
            ("astronaut",),
            _resized(("astronaut",), 29, 49),
        ),
        ("odd", "every side odd but the last", 0.0, MOTIFS[:3], _crops("odd", 3, 33, 33)),
        ("rectangle", "wider than high", 1.0, MOTIFS[:2], _crops("rectangle", 2, 40, 56)),
        ("batch", "four different photos", 0.99, MOTIFS, _resized(MOTIFS, 56, 56)),
    ]
    return [
        TrainingCase(
            name,
            _describe_batch(images.shape, about),
            _sources(motifs),
            _batch(name, images, features, classes),
            momentum,
        )
        for name, about, momentum, motifs, images in table
    ]


def _describe_batch(shape: tuple[int, ...], about: str) -> str:
    count, height, width, _ = shape
    seen = count * -(-height // 32) * -(-width // 32)
    return f"{count} of {height} x {width}: {about}; n = {seen} in the last batch norms"


def trajectory(features: int, classes: int) -> Trajectory:
    """Five steps on the same four photos, in another order each time.

    Dropout drops one feature in a thousand, as in the original: dropping more makes more difference
    to the loss than a step does.
    """
    images = _resized(MOTIFS, 64, 64)
    batch = _batch("trajectory", images, features, classes)
    kept = _generator("trajectory masks").random((5, len(images), features)) >= 1 / 1000
    return Trajectory(
        "the same four photos at every step, in another order",
        _sources(MOTIFS),
        [
            Batch(np.roll(images, step, 0), np.roll(batch.labels, step), mask.astype(np.float32))
            for step, mask in enumerate(kept)
        ],
        momentum=0.99,
    )


def _sources(motifs: tuple[str, ...]) -> str:
    named = ", ".join(f"{name} ({_LICENCES[name]})" for name in motifs)
    return f"photos of scikit-image: {named}"


def _crops(name: str, count: int, height: int, width: int) -> np.ndarray:
    """A crop of each of the first motifs of the sweep's base image."""
    base = sweep_base()
    side = len(base) // 2
    origins = _generator(name).integers(0, [side - height + 1, side - width + 1], (count, 2))
    corners = [(0, 0), (0, side), (side, 0), (side, side)]
    return np.stack(
        [
            base[top + y : top + y + height, left + x : left + x + width]
            for (top, left), (y, x) in zip(corners, origins, strict=False)
        ]
    )


def _resized(motifs: tuple[str, ...], height: int, width: int) -> np.ndarray:
    return np.stack([resize_bilinear(photo(name), height, width) for name in motifs])


def _batch(name: str, images: np.ndarray, features: int, classes: int) -> Batch:
    """Adds labels and a mask, drawn for each image.

    The original drops one feature in a thousand: often none at all of a small batch. This drops one
    in sixteen, so that a mask that is not heeded is noticed.
    """
    generator = _generator(f"{name} labels and mask")
    return Batch(
        images,
        generator.integers(0, classes, len(images), np.int32),
        (generator.random((len(images), features)) >= 1 / 16).astype(np.float32),
    )


def _sweep_case(height: int, width: int, batch: int, activations: bool) -> SweepCase:
    name = f"{height}x{width}" + (f"_batch{batch}" if batch > 1 else "")
    side = len(sweep_base())
    origins = _generator(name).integers(0, [side - height + 1, side - width + 1], (batch, 2))
    return SweepCase(name, height, width, origins, activations)


def _generator(name: str) -> np.random.Generator:
    """A stream of its own for each case, so that adding one leaves the others as they are."""
    return np.random.default_rng([SEED, *name.encode()])


def _photo_case(name: str, height: int, width: int) -> InferenceCase:
    return InferenceCase(
        name,
        f"a photo at {height} x {width}",
        _PHOTO_SOURCE.format(name, _LICENCES[name]),
        resize_bilinear(photo(name), height, width)[np.newaxis],
    )


def _synthetic(
    name: str, description: str, images: np.ndarray, float64: bool = False
) -> InferenceCase:
    return InferenceCase(name, description, "computed", images, float64)


def _wide() -> InferenceCase:
    """The sweep's crop of 61 x 200: rows of 100 positions at first, and a mean over 14 at the end.

    In all other cases rows are at most 64 long, and the mean is over a power of two: a division
    by it is exact, so a wrong one and a reciprocal that is rounded are not seen.
    """
    case = _sweep_case(61, 200, 1, False)
    (top, left), *_ = case.origins
    return InferenceCase(
        "wide",
        f"a crop of the sweep's base, {case.height} high and {case.width} wide at y {top}, x {left}: "
        "rows longer than 64, and a mean over 2 x 7 positions",
        _sources(MOTIFS),
        case.images(sweep_base()),
    )


def _full(value: float) -> np.ndarray:
    return np.full((1, 33, 33, 3), value, np.float32)


def _hot_pixels() -> list[InferenceCase]:
    """One white pixel on black, where padding matters and where it does not.

    One of them is recorded in float64 too: its sides are odd at every layer, those of the photos
    and of the noise are even.
    """
    places = {
        "top_left": (0, 0),
        "top_right": (0, 32),
        "bottom_left": (32, 0),
        "bottom_right": (32, 32),
        "center": (16, 16),
    }
    cases = []
    for name, (y, x) in places.items():
        images = _full(0)
        images[0, y, x] = 1
        description = f"one white pixel at y {y}, x {x} on black"
        cases.append(_synthetic(f"hot_{name}", description, images, float64=name == "center"))
    return cases


def _ramp(height: int, width: int) -> np.ndarray:
    y = np.linspace(0, 1, height, dtype=np.float32)[:, np.newaxis]
    x = np.linspace(0, 1, width, dtype=np.float32)[np.newaxis, :]
    channels = np.broadcast_arrays(y, x, (y + x) / 2)
    return np.stack(channels, axis=-1)[np.newaxis]
