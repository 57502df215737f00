"""Makes the stand-in: a checkpoint whose numbers look trained, for want of the original's.

A test on weights from a plain initializer misses what is hard about trained ones: heavy tails,
channels that died in training and have variances near 1e-35, activations that are mostly zero or
clamped at six, scales that differ a hundredfold between channels. So each layer here gets weights
of the trained layer's spread and kurtosis, its dead channels, and its gammas' and betas' quantiles
(trained-statistics.csv, measured on the published 0.75 weights); then its batch norm's mean and
variance are taken from photos that went through all layers before it, as training does.

The same seed and versions give the same bytes. Statistics are computed in float64 and rounded once,
so that they hardly depend on the processor either. Run it through `make_checkpoint`.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cases import photo
from checkpoint import parameters_sha256
from network import Network, resize_bilinear

SEED = 20170614
DEPTH_MULTIPLIER = 0.75
NUM_CLASSES = 1001
IMAGE_SIZE = 128

# Batch norm's moving variance decays by 0.9997 a step where a channel receives nothing but zeros.
# In the published weights it came to this.
_DECAYED = 3.92e-35

# Batch norm's, of the original arg scope.
_EPSILON = 1e-3

# The published 0.75 logits layer; and logits on photos, a little wider than its 5 because a sum of
# random weights has no long tail where a trained one has the right class.
_LOGITS_KURTOSIS, _BIAS_STD, _LOGITS_STD = 6.0, 0.8, 6.0

# The share of each depthwise layer's filters whose nine taps have one sign, in the published 0.75
# weights. Such a filter blurs, and so averages away the rounding errors of its inputs; without
# them the stand-in's errors grew ten times as large as the original's.
_BLURRING = (0.07, 0.28, 0.00, 0.77, 0.03, 0.81, 0.08, 0.26, 0.19, 0.20, 0.36, 0.88, 0.69)

_QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class TrainedLayer:
    """What trained-statistics.csv says of one layer."""

    name: str
    channels: int
    weight_std: float
    weight_kurtosis: float
    weight_absmax: float
    gamma: tuple[float, float, float]
    beta: tuple[float, float, float]
    scale_max: float
    """The largest gamma / sqrt(variance + epsilon)."""
    dead_channels: int
    zero_fraction: float
    six_fraction: float
    rms: float

    @property
    def depthwise(self) -> bool:
        return self.name.endswith("_depthwise")

    @property
    def block(self) -> int:
        """The number in the name: 0 for the first convolution, 1 to 13 for the pairs."""
        return int(self.name.split("_")[1])

    @property
    def weights(self) -> str:
        kind = "depthwise_weights" if self.depthwise else "weights"
        return f"MobilenetV1/{self.name}/{kind}"

    def batch_norm(self, variable: str) -> str:
        return f"MobilenetV1/{self.name}/BatchNorm/{variable}"


def trained_layers() -> list[TrainedLayer]:
    """The table, in the network's order."""
    with Path(__file__).with_name("trained-statistics.csv").open(newline="") as file:
        return [_trained_layer(row) for row in csv.DictReader(file)]


def _trained_layer(row: dict[str, str]) -> TrainedLayer:
    def quantiles(name: str) -> tuple[float, float, float]:
        return tuple(float(row[f"{name}_q{100 * q:02.0f}"]) for q in _QUANTILES)

    return TrainedLayer(
        name=row["layer"],
        channels=int(row["channels"]),
        weight_std=float(row["weight_std"]),
        weight_kurtosis=float(row["weight_kurtosis"]),
        weight_absmax=float(row["weight_absmax"]),
        gamma=quantiles("gamma"),
        beta=quantiles("beta"),
        scale_max=float(row["scale_max"]),
        dead_channels=int(row["dead_variance_channels(v<1e-10)"]),
        zero_fraction=float(row["activation_zero_fraction"]),
        six_fraction=float(row["activation_six_fraction"]),
        rms=float(row["activation_rms"]),
    )


class Maker:
    """Makes the variables layer by layer, each on what the layers before it yield."""

    def __init__(self, network: Network):
        self._network = network
        self._shapes = network.shapes
        self._random = np.random.default_rng(SEED)
        self.parameters: dict[str, np.ndarray] = {}

    def make(self, images: np.ndarray) -> Iterator[tuple[TrainedLayer, np.ndarray]]:
        """Makes every layer; yields each convolution's with its activations on the images."""
        previous, values = None, images
        for layer in trained_layers():
            dead = self._make_weights(layer)
            z = self._network.run_convolution(layer.name, previous, values)
            self._make_batch_norm(layer, dead, z)
            values = self._network.run_layer(layer.name, previous, values)
            previous = layer.name
            yield layer, values
        self._make_logits(values.mean((1, 2)))

    def _make_weights(self, layer: TrainedLayer) -> np.ndarray:
        """Sets a convolution's weights and returns the channels that are made dead.

        Weight decay shrank a dead channel's filter to almost nothing. Depthwise filters were not
        decayed: there a channel is dead if all that it receives is zero.
        """
        shape = self._shapes[layer.weights]
        weights = heavy_tailed(
            self._random, shape, layer.weight_std, layer.weight_kurtosis, layer.weight_absmax
        )
        if layer.depthwise:
            blurring = self._random.random(layer.channels) < _BLURRING[layer.block - 1]
            signs = self._random.choice([-1.0, 1.0], layer.channels)[:, np.newaxis]
            weights[:, :, blurring] = np.abs(weights[:, :, blurring]) * signs[blurring]
            dead = np.zeros(0, np.intp)
        else:
            dead = np.sort(self._random.choice(layer.channels, layer.dead_channels, replace=False))
            weights[..., dead] *= 10 ** self._random.uniform(-13, -7, len(dead))
        self._set({layer.weights: weights})
        return dead

    def _make_batch_norm(self, layer: TrainedLayer, dead: np.ndarray, z: np.ndarray) -> None:
        """Sets batch norm: near the statistics of `z`, as a moving average is, and an affine map."""
        mean, variance = z.mean((0, 1, 2)), z.var((0, 1, 2))
        mean += 0.05 * np.sqrt(variance) * self._random.standard_normal(layer.channels)
        variance *= np.exp(0.1 * self._random.standard_normal(layer.channels))
        silent = np.flatnonzero(variance == 0)
        mean[silent] = self._random.choice([-_DECAYED, _DECAYED], len(silent))
        variance[silent] = _DECAYED
        gamma = self._random.permutation(quantile_function(layer.gamma, layer.channels))
        gamma = np.clip(gamma, 0.02, layer.scale_max * np.sqrt(variance + _EPSILON))
        # A channel dies with its ReLU shut: the lowest betas are those of dead channels.
        living = self._random.permutation(np.setdiff1d(np.arange(layer.channels), dead))
        beta = np.empty(layer.channels)
        beta[np.concatenate([dead, living])] = quantile_function(layer.beta, layer.channels)
        beta[dead] = -np.abs(beta[dead])
        self._set(
            {
                layer.batch_norm("gamma"): gamma,
                layer.batch_norm("beta"): beta,
                layer.batch_norm("moving_mean"): mean,
                layer.batch_norm("moving_variance"): variance,
            }
        )

    def _make_logits(self, features: np.ndarray) -> None:
        """Sets the logits layer so that logits vary with the image and spread as trained ones do.

        What all images have in common would otherwise name the same class for each of them, so the
        weights are made orthogonal to the mean of the features.
        """
        prefix = "MobilenetV1/Logits/Conv2d_1c_1x1"
        shape = self._shapes[f"{prefix}/weights"]
        weights = heavy_tailed(self._random, shape[2:], 1, _LOGITS_KURTOSIS, math.inf)
        common = features.mean(0)
        weights -= np.outer(common, common @ weights) / (common @ common)
        weights *= _LOGITS_STD / (features @ weights).std()
        biases = _BIAS_STD * self._random.standard_normal(NUM_CLASSES)
        self._set({f"{prefix}/weights": weights.reshape(shape), f"{prefix}/biases": biases})

    def _set(self, variables: dict[str, np.ndarray]) -> None:
        rounded = {name: value.astype(np.float32) for name, value in variables.items()}
        self._network.load(rounded)
        self.parameters.update(rounded)


def quantile_function(at: tuple[float, float, float], count: int) -> np.ndarray:
    """Ascending values with these quantiles; between and beyond them the function is linear."""
    low, middle, high = at
    steps = (0, *_QUANTILES, 1)
    values = (low - (middle - low) / 4, *at, high + (high - middle) / 4)
    return np.interp(np.linspace(0, 1, count), steps, values)


def heavy_tailed(
    random: np.random.Generator, shape: tuple[int, ...], std: float, kurtosis: float, absmax: float
) -> np.ndarray:
    """Symmetric values with this spread and (before the cut at `absmax`) about this kurtosis.

    The generalized normal distribution, density ~ exp(-|x|^b), has every kurtosis above 1.8: heavy
    tails for small b, Gaussian for b = 2, uniform for large b.
    """
    shape_parameter = _generalized_normal_shape(kurtosis)
    magnitude = random.gamma(1 / shape_parameter, size=shape) ** (1 / shape_parameter)
    values = magnitude * random.choice([-1.0, 1.0], shape)
    values *= std / values.std()
    return np.clip(values, -absmax, absmax)


def _generalized_normal_shape(kurtosis: float) -> float:
    """The b at which the generalized normal distribution has this kurtosis."""

    def excess(b: float) -> float:
        lgamma = math.lgamma
        return math.exp(lgamma(5 / b) + lgamma(1 / b) - 2 * lgamma(3 / b)) - kurtosis

    low, high = 0.2, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2


def calibration_images() -> np.ndarray:
    """Four photos, whole and in quarters, each also mirrored: (40, 128, 128, 3)."""
    images = []
    for name in ("chelsea", "coffee", "astronaut", "rocket"):
        whole = photo(name)
        y, x = whole.shape[0] // 2, whole.shape[1] // 2
        for part in (whole, whole[:y, :x], whole[:y, x:], whole[y:, :x], whole[y:, x:]):
            image = resize_bilinear(part, IMAGE_SIZE, IMAGE_SIZE)
            images += [image, image[:, ::-1]]
    return np.stack(images)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="make_checkpoint", description="Makes the stand-in for the trained 0.75 checkpoint."
    )
    parser.add_argument("--output", required=True, type=Path, metavar="PREFIX")
    output = parser.parse_args().output
    with Network(DEPTH_MULTIPLIER, NUM_CLASSES, np.float64) as network:
        maker = Maker(network)
        print("layer                 zero fraction    six fraction      rms   (made / trained)")
        for layer, values in maker.make(calibration_images()):
            print(
                f"{layer.name:20}"
                f"  {(values == 0).mean():.3f} / {layer.zero_fraction:.3f}"
                f"  {(values == 6).mean():.4f} / {layer.six_fraction:.4f}"
                f"  {math.sqrt((values**2).mean()):.3f} / {layer.rms:.3f}"
            )
    with Network(DEPTH_MULTIPLIER, NUM_CLASSES, np.float32) as network:
        network.load(maker.parameters)
        output.parent.mkdir(parents=True, exist_ok=True)
        network.save(output)
    print(f"parameters sha256 {parameters_sha256(maker.parameters)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
