"""Fine-tunes the original network on six small photos, for `Examples/FineTune` to be compared with.

First a new last layer learns on the feature vectors of inference, by plain gradient descent; then
all variables together, in training mode, by TensorFlow's own MomentumOptimizer. In float64, and in
float32 with batch norm fused; and in float64 again from parameters that differ in float32's last
bit, which says how far two correct float32 implementations may part: training amplifies what rounding
leaves, step by step. Run it through `make_fine_tuning`.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np
import skimage.data

from cases import SEED
from network import Graph, describe_oracle, tf

#: What the photos show, in the order of the classes; of scikit-image's CC0 photos, the squares
#: (top, left, side) that become 64 x 64.
PHOTOS = {
    "cat": ("chelsea", [(0, 80, 200), (40, 230, 220)]),
    "coffee": ("coffee", [(0, 100, 300), (150, 300, 240)]),
    "grass": ("grass", [(0, 0, 256), (256, 256, 256)]),
}
SIDE = 64

#: How `Examples/FineTune` trains.
HEAD_STEPS, HEAD_RATE = 10, 0.01
STEPS, RATE, MOMENTUM = 8, 2.0**-14, 0.9
BATCH_NORM_MOMENTUM = 0.5

#: Curves from shaken parameters.
DRAWS = 8


def make_photos(folder: Path) -> None:
    """Writes each photo to `<folder>/<class>/<number>.jpg`."""
    for name, (photo, squares) in PHOTOS.items():
        pixels = getattr(skimage.data, photo)()
        if pixels.ndim == 2:
            pixels = np.repeat(pixels[..., np.newaxis], 3, axis=2)
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number, (top, left, side) in enumerate(squares, 1):
            square = pixels[top : top + side, left : left + side]
            (folder / name / f"{number}.jpg").write_bytes(jpeg(square))


def jpeg(square: np.ndarray) -> bytes:
    """Every pixel the mean of those that it stands for."""
    with tf.Graph().as_default(), tf.Session() as session:
        resize = importlib.import_module("tensorflow").image.resize
        small = resize(square[np.newaxis].astype(np.float32), (SIDE, SIDE), method="area")[0]
        pixels = tf.cast(tf.round(small), tf.uint8)
        return session.run(tf.io.encode_jpeg(pixels, quality=90))


def read_photos(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images in [0, 1] and labels; classes and files sorted by name."""
    files = sorted(folder.glob("*/*.jpg"))
    names = sorted({file.parent.name for file in files})
    with tf.Graph().as_default(), tf.Session() as session:
        pictures = [tf.io.decode_jpeg(file.read_bytes(), channels=3) for file in files]
        images = session.run([tf.image.convert_image_dtype(p, np.float32) for p in pictures])
    labels = [names.index(file.parent.name) for file in files]
    return np.stack(images), np.array(labels, np.int32)


class FineTuning(Graph):
    """The original network with a new last layer on its feature vector."""

    def __init__(
        self,
        depth_multiplier: float,
        num_classes: int,
        dtype: type,
        *,
        classes: int,
        training: bool = False,
    ):
        super().__init__(depth_multiplier, num_classes, dtype, training=training)
        with self.graph.as_default():
            features = tf.squeeze(self.end_points["global_pool"], [1, 2])
            self.head = [
                tf.Variable(np.zeros((features.shape[1], classes), dtype), name="head/weights"),
                tf.Variable(np.zeros(classes, dtype), name="head/biases"),
            ]
            self._labels = tf.placeholder(np.int32, [None])
            logits = tf.matmul(features, self.head[0]) + self.head[1]
            cross_entropy = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=self._labels, logits=logits)
            )
            regularization = tf.add_n(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))
            if not training:
                regularization = tf.zeros_like(cross_entropy)
            self._losses = (cross_entropy, regularization, cross_entropy + regularization)
            self._train = self._make_step(training)
            # All variables, the optimizer's velocities among them.
            self._initialize = tf.global_variables_initializer()

    def start(self, values: Mapping[str, np.ndarray]) -> None:
        """Sets variables; the new layer, unless it is among them, and velocities start at zero."""
        self.session.run(self._initialize)
        self.set(values)

    def step(self, images: np.ndarray, labels: np.ndarray) -> tuple[np.floating, ...]:
        """Takes a step and returns the losses before it."""
        losses, _ = self.session.run((self._losses, self._train), self._feed(images, labels))
        return losses

    def losses(self, images: np.ndarray, labels: np.ndarray) -> tuple[np.floating, ...]:
        return self.session.run(self._losses, self._feed(images, labels))

    def values(self) -> dict[str, np.ndarray]:
        """All variables but those of the optimizer."""
        return self.session.run({**self.variables, **{v.op.name: v for v in self.head}})

    def set(self, values: Mapping[str, np.ndarray]) -> None:
        everything = {**self.variables, **{v.op.name: v for v in self.head}}
        for name, value in values.items():
            everything[name].load(value.astype(self.dtype), self.session)

    def _make_step(self, training: bool) -> tf.Operation:
        """In training everything moves, otherwise the head alone."""
        variables = tf.trainable_variables() if training else self.head
        # The old last layer's biases are in no loss, and its kernel in the regularization only.
        pairs = zip(tf.gradients(self._losses[2], variables), variables, strict=True)
        pairs = [(gradient, variable) for gradient, variable in pairs if gradient is not None]
        updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS) if training else []
        optimizer = (
            tf.train.MomentumOptimizer(self.dtype(RATE), self.dtype(MOMENTUM))
            if training
            else tf.train.GradientDescentOptimizer(self.dtype(HEAD_RATE))
        )
        # No variable changes before everything has been computed from the old values.
        with tf.control_dependencies([*self._losses, *(gradient for gradient, _ in pairs)]):
            return tf.group(optimizer.apply_gradients(pairs), *updates)

    def _feed(self, images: np.ndarray, labels: np.ndarray) -> dict[tf.Tensor, object]:
        feed = {self.images: images.astype(self.dtype), self._labels: labels}
        return feed if self.momentum is None else feed | {self.momentum: BATCH_NORM_MOMENTUM}


class Trainer:
    """Both stages in one floating-point type, as often as wanted."""

    def __init__(self, sizes: tuple[float, int], images: np.ndarray, labels: np.ndarray, dtype):
        self._data = images, labels
        self._dtype = dtype
        classes = len(set(labels))
        self._inference = FineTuning(*sizes, dtype, classes=classes)
        self._training = FineTuning(*sizes, dtype, classes=classes, training=True)

    def run(self, parameters: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The losses of both stages, step by step, and what inference makes of the result."""
        self._inference.start(parameters)
        head = [self._inference.step(*self._data)[0] for _ in range(HEAD_STEPS)]
        self._training.start(self._inference.values())
        whole = [self._training.step(*self._data) for _ in range(STEPS)]
        self._inference.set(self._training.values())
        after = self._inference.losses(*self._data)[0]
        return {
            "head": np.array(head, self._dtype),
            "whole": np.array(whole, self._dtype),
            "after": np.array([after], self._dtype),
        }


def spread(curves: list[dict[str, np.ndarray]], exact: dict[str, np.ndarray]) -> dict:
    """The root mean square of how far the curves are from the exact one, loss by loss."""
    return {
        name: np.sqrt(np.mean([(curve[name] - value) ** 2 for curve in curves], axis=0))
        for name, value in exact.items()
    }


def shaken(parameters: Mapping[str, np.ndarray], seed: int) -> dict[str, np.ndarray]:
    """Every value by up to half a unit in float32's last place off."""
    random = np.random.default_rng([SEED, seed])
    return {
        name: value.astype(np.float64) * (1 + random.uniform(-1, 1, value.shape) * 2.0**-24)
        for name, value in parameters.items()
    }


def read_parameters(path: Path) -> tuple[dict[str, np.ndarray], tuple, str]:
    """Variables of a parameters.h5, depth multiplier and number of classes, and their hash."""
    parameters = {}
    with h5py.File(path) as file:

        def visit(name: str, item: h5py.Dataset | h5py.Group) -> None:
            if isinstance(item, h5py.Dataset):
                parameters[f"MobilenetV1/{name}"] = item[()]

        file["MobilenetV1"].visititems(visit)
        sizes = float(file.attrs["depth_multiplier"]), int(file.attrs["num_classes"])
        return parameters, sizes, file.attrs["parameters_sha256"]


def main(parameters_path: str, photos: str, output: str) -> None:
    parameters, sizes, sha256 = read_parameters(Path(parameters_path))
    make_photos(Path(photos))
    images, labels = read_photos(Path(photos))
    with h5py.File(output, "w", libver=("v110", "v110")) as file:
        settings = {
            "head_rate": HEAD_RATE,
            "rate": RATE,
            "momentum": MOMENTUM,
            "batch_norm_momentum": BATCH_NORM_MOMENTUM,
        }
        file.attrs.update({"parameters_sha256": sha256, **describe_oracle(), **settings})
        float64 = Trainer(sizes, images, labels, np.float64)
        exact = float64.run(parameters)
        draws = [float64.run(shaken(parameters, seed)) for seed in range(DRAWS)]
        float32 = Trainer(sizes, images, labels, np.float32).run(parameters)
        for kind, curve in (
            ("float64", exact),
            ("float32", float32),
            ("spread", spread(draws, exact)),
        ):
            for name, values in curve.items():
                file.create_dataset(f"{kind}/{name}", data=values, track_times=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
