"""LiteRT with XNNPACK, its default: a model that TensorFlow's converter made, as people ship it."""

from __future__ import annotations

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from network import Network, Run
from on_tensorflow import end_points, tf

PACKAGES = ("ai-edge-litert", "tensorflow-cpu")

OPTIONS = "XNNPACK, 1 thread; converted by TensorFlow: batch norm folded in float32, ReLU6 fused"


def build(network: Network) -> Run:
    """A model for each shape of images: the converter pads for that shape."""

    def run(images: np.ndarray) -> dict[str, np.ndarray]:
        interpreter = Interpreter(model_content=convert(network, images.shape), num_threads=1)
        runner = interpreter.get_signature_runner()
        return runner(images=images)

    return run


def convert(network: Network, shape: tuple[int, ...]) -> bytes:
    """A TensorFlow Lite model with every end point as an output."""

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32, "images")])
    def function(images: tf.Tensor) -> dict[str, tf.Tensor]:
        return end_points(network, images)

    module = tf.Module()
    module.function = function
    concrete = function.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], module)
    return converter.convert()
