"""The network of a golden's parameters.h5 as plain layers, batch norm folded in."""
from dataclasses import dataclass

import h5py
import numpy as np

EPSILON = 1e-3
# Of the thirteen depthwise layers.
STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)


@dataclass
class Layer:
    """relu6(convolution + bias), or the logits without relu6."""

    name: str
    kind: str  # standard, depthwise, pointwise, logits
    stride: int
    weights: np.ndarray  # HWIO; HWC1 if depthwise; IO for the logits
    bias: np.ndarray


def same_padding(size, kernel, stride):
    """TensorFlow's SAME along one axis: (output size, zeros before, zeros after)."""
    output = -(-size // stride)
    total = max((output - 1) * stride + kernel - size, 0)
    return output, total // 2, total - total // 2


def read_network(path):
    """All layers of parameters.h5, folded in float64 and rounded once."""
    with h5py.File(path) as file:
        root = file["MobilenetV1"]
        layers = [_convolution(root, "Conv2d_0", "standard", 2)]
        for number, stride in enumerate(STRIDES, 1):
            layers.append(_convolution(root, f"Conv2d_{number}_depthwise", "depthwise", stride))
            layers.append(_convolution(root, f"Conv2d_{number}_pointwise", "pointwise", 1))
        logits = root["Logits/Conv2d_1c_1x1"]
        layers.append(
            Layer("Logits", "logits", 1, logits["weights"][0, 0], logits["biases"][()]))
    return layers


def _convolution(root, name, kind, stride):
    group = root[name]
    norm = {key: value[()].astype(np.float64) for key, value in group["BatchNorm"].items()}
    variable = "depthwise_weights" if kind == "depthwise" else "weights"
    weights = group[variable][()].astype(np.float64)
    scale = norm["gamma"] / np.sqrt(norm["moving_variance"] + EPSILON)
    weights = weights * (scale[:, None] if kind == "depthwise" else scale)
    bias = norm["beta"] - norm["moving_mean"] * scale
    return Layer(name, kind, stride, weights.astype(np.float32), bias.astype(np.float32))
