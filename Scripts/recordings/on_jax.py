"""JAX on the CPU: one compiled function, batch norm as Flax writes it."""

from __future__ import annotations

import os

import numpy as np

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

import jax
import jax.numpy as jnp
from jax import lax

from network import EPSILON, Network, Run

PACKAGES = ("jax", "jaxlib")

OPTIONS = "CPU, jit, NHWC, batch norm as Flax has it, 1 thread"


def build(network: Network) -> Run:
    @jax.jit
    def end_points(images: jax.Array) -> dict[str, jax.Array]:
        values: dict[str, jax.Array] = {}
        value = images * 2 - 1
        for layer in network.layers:
            # Depthwise kernels are HWC1 in the file; a grouped convolution has them as HW1C.
            weights = layer.weights.swapaxes(2, 3) if layer.is_depthwise else layer.weights
            value = lax.conv_general_dilated(
                value,
                jnp.asarray(weights),
                (layer.stride, layer.stride),
                "SAME",
                dimension_numbers=("NHWC", "HWIO", "NHWC"),
                feature_group_count=value.shape[3] if layer.is_depthwise else 1,
            )
            scale = lax.rsqrt(layer.variance + jnp.float32(EPSILON)) * layer.gamma
            value = values[layer.name] = jax.nn.relu6((value - layer.mean) * scale + layer.beta)
        value = values["global_pool"] = value.mean((1, 2), keepdims=True)
        value = values["Logits"] = value[:, 0, 0] @ network.weights + network.bias
        values["Predictions"] = jax.nn.softmax(value)
        return values

    def run(images: np.ndarray) -> dict[str, np.ndarray]:
        return {name: np.asarray(value) for name, value in end_points(images).items()}

    return run
