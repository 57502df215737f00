"""The oracle: TF-Slim's own MobileNet V1 code, run op by op on one thread.

Nothing of the network is written here. `object_detection.nets.mobilenet_v1` is the file that
defined the published checkpoints; this module only makes it importable on a current TensorFlow,
pins down everything that could change a result, and hands over all 30 end points.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import os
import platform
import sys
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

import numpy as np

# To be set before TensorFlow is imported. Both oneDNN's operations and the matrix kernel that it
# lends to Eigen are chosen at run time, by processor, and round differently on each. Without them
# Eigen runs as the wheel was compiled: the same sums, in the same order, on every x86-64.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["TENSORFLOW_USE_CUSTOM_CONTRACTION_KERNEL"] = "0"
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def _import_original():
    """Imports the original network code on TensorFlow 2.

    tf-slim takes its layers from `tensorflow.python.layers`, which in TensorFlow 2.21 looks for
    them in `tf_keras.legacy_tf_layers`; tf-keras 2.21 keeps them under `tf_keras.src`.
    """
    for name in ("", ".base", ".convolutional", ".core", ".pooling", ".normalization"):
        module = importlib.import_module(f"tf_keras.src.legacy_tf_layers{name}")
        sys.modules[f"tf_keras.legacy_tf_layers{name}"] = module
    tensorflow = importlib.import_module("tensorflow.compat.v1")
    tensorflow.get_logger().setLevel("ERROR")
    warnings.filterwarnings("ignore", message=".*`layer.apply` is deprecated.*")
    tensorflow.disable_v2_behavior()
    return (
        tensorflow,
        importlib.import_module("tf_slim"),
        importlib.import_module("object_detection.nets.mobilenet_v1"),
    )


tf, slim, mobilenet_v1 = _import_original()

_PACKAGE = "tf-models-research-object-detection"

#: The 30 end points, first to last, as the golden files name them.
END_POINTS: tuple[str, ...] = (
    "Conv2d_0",
    *(f"Conv2d_{i}_{kind}" for i in range(1, 14) for kind in ("depthwise", "pointwise")),
    "global_pool",
    "Logits",
    "Predictions",
)


class Graph:
    """The original graph in one floating-point type, with its own session.

    In float32 batch norm is fused, as the original code has it. TensorFlow has no fused batch
    norm in float64, so there the same code runs with `fused=False`.

    Any batch and image size runs through the one graph.
    """

    def __init__(
        self, depth_multiplier: float, num_classes: int, dtype: type, *, training: bool = False
    ):
        """Builds the graph; `momentum`, batch norm's, is a tensor to be fed if `training`.

        Given as a Python number, TensorFlow would make a float32 of it in float64 too.
        """
        self.dtype = dtype
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.images = tf.placeholder(dtype, [None, None, None, 3], name="images")
            self.momentum = tf.placeholder(dtype, [], name="momentum") if training else None
            decay = {"batch_norm_decay": self.momentum} if training else {}
            fused = None if dtype is np.float32 else False
            with (
                slim.arg_scope(mobilenet_v1.mobilenet_v1_arg_scope(is_training=training, **decay)),
                slim.arg_scope([slim.batch_norm], fused=fused),
            ):
                _, self.end_points = mobilenet_v1.mobilenet_v1(
                    self.images * 2 - 1,
                    num_classes=num_classes,
                    is_training=training,
                    depth_multiplier=depth_multiplier,
                    global_pool=True,
                )
            self.variables = {v.op.name: v for v in tf.global_variables()}
        if tuple(self.end_points) != END_POINTS:
            raise AssertionError(f"unexpected end points: {list(self.end_points)}")
        self.session = tf.Session(graph=self.graph, config=_session_config())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self.session.close()

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The variables' names and shapes, in the order in which the network makes them."""
        return {name: tuple(v.shape.as_list()) for name, v in self.variables.items()}

    def load(self, parameters: Mapping[str, np.ndarray]) -> None:
        """Sets variables from float32 values, cast up where the network is float64."""
        for name, value in parameters.items():
            self.variables[name].load(value.astype(self.dtype), self.session)


class Network(Graph):
    """The inference graph.

    In float64 batch norm is x * s + (beta - mean * s) with s = gamma * rsqrt(variance + epsilon),
    and epsilon the double nearest to 0.001.
    """

    def __init__(self, depth_multiplier: float, num_classes: int, dtype: type = np.float32):
        super().__init__(depth_multiplier, num_classes, dtype)
        with self.graph.as_default():
            self._saver = tf.train.Saver()
        self._convolutions = {
            operation.name.split("/")[-2]: operation.outputs[0]
            for operation in self.graph.get_operations()
            if operation.type in ("Conv2D", "DepthwiseConv2dNative")
        }

    def save(self, prefix: Path) -> None:
        """Writes all variables as a TensorFlow checkpoint (format V2) of the given prefix."""
        self._saver.save(self.session, os.fspath(prefix), write_meta_graph=False, write_state=False)

    def run(
        self, images: np.ndarray, end_points: Iterable[str] = END_POINTS
    ) -> dict[str, np.ndarray]:
        """End points for images of shape (N, H, W, 3) in [0, 1]."""
        fetches = {name: self.end_points[name] for name in end_points}
        return self.session.run(fetches, {self.images: images.astype(self.dtype)})

    def run_layer(self, layer: str, previous: str | None, values: np.ndarray) -> np.ndarray:
        """A layer's end point, given the previous end point's values (images if `None`)."""
        return self.session.run(self.end_points[layer], self._feed(previous, values))

    def run_convolution(self, layer: str, previous: str | None, values: np.ndarray) -> np.ndarray:
        """Like `run_layer`, but what the layer's batch norm receives."""
        return self.session.run(self._convolutions[layer], self._feed(previous, values))

    def _feed(self, previous: str | None, values: np.ndarray) -> dict:
        tensor = self.images if previous is None else self.end_points[previous]
        return {tensor: values.astype(self.dtype)}


def resize_bilinear(photo: np.ndarray, height: int, width: int) -> np.ndarray:
    """`tf.image.resize(photo / 255, …)`: bilinear, half-pixel centres, no antialias."""
    with tf.Graph().as_default(), tf.Session(config=_session_config()) as session:
        image = tf.constant(photo.astype(np.float32) / np.float32(255))
        resized = importlib.import_module("tensorflow").image.resize(image, (height, width))
        return session.run(resized)


def describe_oracle() -> dict[str, str]:
    """What made the numbers: the attributes `oracle` to `host_isa` of a golden file."""
    return {
        "oracle": f"{mobilenet_v1.__name__} from {_PACKAGE} {importlib.metadata.version(_PACKAGE)}",
        "oracle_sha256": hashlib.sha256(Path(mobilenet_v1.__file__).read_bytes()).hexdigest(),
        "tensorflow": tf.__version__,
        "onednn": "off",
        "host_isa": _host_isa(),
    }


def _session_config():
    """One thread and no graph rewriting, so that a sum has one order and no two ops are merged."""
    config = tf.ConfigProto(
        intra_op_parallelism_threads=1,
        inter_op_parallelism_threads=1,
        device_count={"GPU": 0},
    )
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    config.graph_options.optimizer_options.opt_level = -1  # L0
    return config


def _host_isa() -> str:
    """The machine and those vector extensions by which TensorFlow may choose its kernels."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    flags = next((line.split() for line in lines if line.startswith(("flags", "Features"))), [])
    return " ".join(
        [platform.machine(), *(f for f in ("avx", "avx2", "fma", "avx512f") if f in flags)]
    )
