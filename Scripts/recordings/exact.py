"""The network in float64: what every engine has to come near before it is recorded."""

from __future__ import annotations

import numpy as np

from network import EPSILON, Layer, Network


def end_points(network: Network, images: np.ndarray) -> dict[str, np.ndarray]:
    values: dict[str, np.ndarray] = {}
    value = images.astype(np.float64) * 2 - 1
    for layer in network.layers:
        norm = [getattr(layer, n).astype(np.float64) for n in ("gamma", "beta", "mean", "variance")]
        gamma, beta, mean, variance = norm
        value = (_convolution(layer, value) - mean) * gamma / np.sqrt(variance + EPSILON) + beta
        value = values[layer.name] = np.clip(value, 0, 6)
    pool = values["global_pool"] = value.mean((1, 2), keepdims=True)
    logits = values["Logits"] = pool[:, 0, 0] @ network.weights.astype(np.float64) + network.bias
    powers = np.exp(logits - logits.max(1, keepdims=True))
    values["Predictions"] = powers / powers.sum(1, keepdims=True)
    return values


def distance(value: np.ndarray, exact: np.ndarray) -> float:
    """Relative L2; absolute where all exact values are 0."""
    return float(np.linalg.norm(value - exact) / (np.linalg.norm(exact) or 1))


def _convolution(layer: Layer, value: np.ndarray) -> np.ndarray:
    """Tap by tap over the whole image."""
    height, width = (-(-side // layer.stride) for side in value.shape[1:3])
    padded = np.pad(value, ((0, 0), *layer.padding(*value.shape[1:3]), (0, 0)))
    total = np.float64(0)
    for y, x in np.ndindex(layer.kernel, layer.kernel):
        rows = slice(y, y + (height - 1) * layer.stride + 1, layer.stride)
        columns = slice(x, x + (width - 1) * layer.stride + 1, layer.stride)
        taps = layer.weights[y, x].astype(np.float64)
        seen = padded[:, rows, columns]
        total = total + (seen * taps[:, 0] if layer.is_depthwise else seen @ taps)
    return total
