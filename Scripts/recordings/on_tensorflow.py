"""TensorFlow 2: a graph function with oneDNN, and the same compiled by XLA."""

from __future__ import annotations

import os

import numpy as np

# Read when TensorFlow is imported; each engine is recorded in a process of its own.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

from network import EPSILON, Network, Run

PACKAGES = ("tensorflow-cpu",)

OPTIONS = "oneDNN on, graph function, batch norm as the graph optimizer fuses it, 1 thread"

XLA_OPTIONS = "XLA (jit_compile), batch norm as XLA compiles it, 1 thread"


def build(network: Network, *, xla: bool = False) -> Run:
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)

    @tf.function(jit_compile=xla)
    def function(images: tf.Tensor) -> dict[str, tf.Tensor]:
        return end_points(network, images)

    def run(images: np.ndarray) -> dict[str, np.ndarray]:
        # A shape of its own, as a graph that was loaded for one image size has it.
        values = function.get_concrete_function(tf.TensorSpec(images.shape, tf.float32))(
            tf.constant(images)
        )
        return {name: value.numpy() for name, value in values.items()}

    return run


def end_points(network: Network, images: tf.Tensor) -> dict[str, tf.Tensor]:
    """The network in TensorFlow's operations, all parameters constants as in a frozen graph."""
    values: dict[str, tf.Tensor] = {}
    value = images * 2 - 1
    for layer in network.layers:
        strides = [1, layer.stride, layer.stride, 1]
        convolution = tf.nn.depthwise_conv2d if layer.is_depthwise else tf.nn.conv2d
        value = convolution(value, tf.constant(layer.weights), strides, "SAME")
        value, *_ = tf.compat.v1.nn.fused_batch_norm(
            value,
            tf.constant(layer.gamma),
            tf.constant(layer.beta),
            tf.constant(layer.mean),
            tf.constant(layer.variance),
            epsilon=EPSILON,
            is_training=False,
        )
        value = values[layer.name] = tf.nn.relu6(value)
    value = values["global_pool"] = tf.reduce_mean(value, [1, 2], keepdims=True)
    value = tf.matmul(tf.squeeze(value, [1, 2]), tf.constant(network.weights))
    value = values["Logits"] = tf.nn.bias_add(value, tf.constant(network.bias))
    values["Predictions"] = tf.nn.softmax(value)
    return values
