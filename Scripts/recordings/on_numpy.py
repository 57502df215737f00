"""Two correct engines that nobody ships, with the extremes of what is right: one chain of fused
multiply-adds that starts with the bias, as a plain C loop is compiled, and sums in pairs."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from network import EPSILON, Layer, Network, Run

PACKAGES = ("numpy",)

LOOPS_OPTIONS = (
    "C loops: batch norm folded, one chain of FMAs that starts with the bias; mean by division"
)

PAIRWISE_OPTIONS = "products summed in pairs, batch norm not folded; mean times 1/N rounded"

#: Products held at a time by the sums in pairs.
_BLOCK = 1 << 22


def build_loops(network: Network) -> Run:
    folded = [(layer, *_folded(layer)) for layer in network.layers]

    def run(images: np.ndarray) -> dict[str, np.ndarray]:
        values: dict[str, np.ndarray] = {}
        value = images * np.float32(2) - np.float32(1)
        for layer, weights, bias in folded:
            patches, depthwise = _patches(layer, value), layer.is_depthwise
            taps = _taps(weights, depthwise)
            total = np.broadcast_to(bias, (*patches.shape[:3], len(bias)))
            for index in range(patches.shape[3]):
                total = _fma(_term(patches, index, depthwise), taps[index], total)
            value = values[layer.name] = _relu6(total)
        total = np.zeros((len(value), value.shape[3]), np.float32)
        for y, x in np.ndindex(value.shape[1:3]):
            total = total + value[:, y, x]
        pool = total / np.float32(value.shape[1] * value.shape[2])
        values["global_pool"] = pool[:, np.newaxis, np.newaxis]
        logits = np.broadcast_to(network.bias, (len(pool), len(network.bias)))
        for index, weights in enumerate(network.weights):
            logits = _fma(pool[:, index, np.newaxis], weights, logits)
        return values | _classified(logits)

    return run


def build_pairwise(network: Network) -> Run:
    def run(images: np.ndarray) -> dict[str, np.ndarray]:
        values: dict[str, np.ndarray] = {}
        value = images * np.float32(2) - np.float32(1)
        for layer in network.layers:
            scale = layer.gamma / np.sqrt(layer.variance + np.float32(EPSILON))
            shift = layer.beta - layer.mean * scale
            patches = _patches(layer, value)
            total = _sums_in_pairs(patches, _taps(layer.weights, layer.is_depthwise), layer)
            value = values[layer.name] = _relu6(total * scale + shift)
        count = value.shape[1] * value.shape[2]
        total = _pairwise(value.reshape(len(value), count, -1), 1)
        pool = total * (np.float32(1) / np.float32(count))
        values["global_pool"] = pool[:, np.newaxis, np.newaxis]
        logits = _pairwise(pool[:, :, np.newaxis] * network.weights, 1) + network.bias
        return values | _classified(logits)

    return run


def _folded(layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    scale = layer.gamma / np.sqrt(layer.variance + np.float32(EPSILON))
    weights = layer.weights * (scale[:, np.newaxis] if layer.is_depthwise else scale)
    return weights, layer.beta - layer.mean * scale


def _patches(layer: Layer, value: np.ndarray) -> np.ndarray:
    """(N, h, w, K, C), each C behind its K taps if depthwise; else (N, h, w, K · C)."""
    padded = np.pad(value, ((0, 0), *layer.padding(*value.shape[1:3]), (0, 0)))
    windows = sliding_window_view(padded, (layer.kernel, layer.kernel), axis=(1, 2))
    windows = windows[:, :: layer.stride, :: layer.stride].transpose(0, 1, 2, 4, 5, 3)
    last = (-1, value.shape[3]) if layer.is_depthwise else (-1,)
    return windows.reshape(*windows.shape[:3], *last)


def _taps(weights: np.ndarray, depthwise: bool) -> np.ndarray:
    """(K, C) if depthwise, else (K, outputs)."""
    return weights.reshape(-1, weights.shape[2] if depthwise else weights.shape[3])


def _term(patches: np.ndarray, index: int, depthwise: bool) -> np.ndarray:
    term = patches[:, :, :, index]
    return term if depthwise else term[..., np.newaxis]


def _fma(x: np.ndarray, y: np.ndarray, total: np.ndarray) -> np.ndarray:
    """x · y + total: the product is exact in float64; its sum is rounded there and then to float32,
    which differs from a fused multiply-add in one of some 2^29 sums."""
    return (x.astype(np.float64) * y + total).astype(np.float32)


def _sums_in_pairs(patches: np.ndarray, taps: np.ndarray, layer: Layer) -> np.ndarray:
    if layer.is_depthwise:
        return _pairwise(patches * taps, 3)
    rows = patches.reshape(-1, patches.shape[3])
    step = max(1, _BLOCK // taps.size)
    sums = [
        _pairwise(rows[start : start + step, :, np.newaxis] * taps, 1)
        for start in range(0, len(rows), step)
    ]
    return np.concatenate(sums).reshape(*patches.shape[:3], -1)


def _pairwise(values: np.ndarray, axis: int) -> np.ndarray:
    """Neighbours are added until one is left; an odd one waits for the next round."""
    values = np.moveaxis(values, axis, 0)
    while len(values) > 1:
        even = len(values) // 2 * 2
        pairs = values[0:even:2] + values[1:even:2]
        values = np.concatenate([pairs, values[even:]]) if even < len(values) else pairs
    return values[0]


def _relu6(value: np.ndarray) -> np.ndarray:
    return np.minimum(np.maximum(value, np.float32(0)), np.float32(6))


def _classified(logits: np.ndarray) -> dict[str, np.ndarray]:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return {"Logits": logits, "Predictions": powers / powers.sum(1, keepdims=True)}
