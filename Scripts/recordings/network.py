"""The network of a golden's parameters.h5 as plain layers, batch norm not folded: what every engine
is built from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

#: Batch norm's.
EPSILON = 1e-3

#: Of the thirteen depthwise layers.
STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)

#: The 30 end points, first to last.
END_POINTS: tuple[str, ...] = (
    "Conv2d_0",
    *(f"Conv2d_{i}_{kind}" for i in range(1, 14) for kind in ("depthwise", "pointwise")),
    "global_pool",
    "Logits",
    "Predictions",
)

#: An engine that is ready: from images (N, H, W, 3) in [0, 1] to all end points, NHWC and float32.
Run = Callable[[np.ndarray], dict[str, np.ndarray]]


@dataclass(frozen=True)
class Layer:
    """A convolution without bias, batch norm, and ReLU6. All float32."""

    name: str
    kind: str
    """standard, depthwise or pointwise."""
    stride: int
    weights: np.ndarray
    """HWIO; HWC1 if depthwise."""
    gamma: np.ndarray
    beta: np.ndarray
    mean: np.ndarray
    variance: np.ndarray

    @property
    def is_depthwise(self) -> bool:
        return self.kind == "depthwise"

    @property
    def kernel(self) -> int:
        return self.weights.shape[0]

    def padding(self, height: int, width: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Zeros before and after the rows, before and after the columns."""
        return tuple(same_padding(side, self.kernel, self.stride) for side in (height, width))


@dataclass(frozen=True)
class Network:
    layers: list[Layer]
    """The 27 convolutions."""
    weights: np.ndarray
    """Of the logits: (features, classes)."""
    bias: np.ndarray


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's SAME along one axis: what is odd goes behind."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def read_network(path: Path) -> Network:
    with h5py.File(path) as file:
        root = file["MobilenetV1"]
        layers = [_layer(root, "Conv2d_0", "standard", 2)]
        for number, stride in enumerate(STRIDES, 1):
            layers.append(_layer(root, f"Conv2d_{number}_depthwise", "depthwise", stride))
            layers.append(_layer(root, f"Conv2d_{number}_pointwise", "pointwise", 1))
        logits = root["Logits/Conv2d_1c_1x1"]
        return Network(layers, logits["weights"][0, 0], logits["biases"][()])


def _layer(root: h5py.Group, name: str, kind: str, stride: int) -> Layer:
    group = root[name]
    norm = group["BatchNorm"]
    return Layer(
        name,
        kind,
        stride,
        group["depthwise_weights" if kind == "depthwise" else "weights"][()],
        norm["gamma"][()],
        norm["beta"][()],
        norm["moving_mean"][()],
        norm["moving_variance"][()],
    )
