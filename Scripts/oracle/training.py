"""The original network in training mode: the losses, their gradients, what one step changes.

The network code's own part is the forward pass, its batch norm with its update operations, and its
regularization losses. The rest is what every training script of it adds: softmax cross-entropy,
TensorFlow's differentiation, plain gradient descent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cases import Batch
from network import END_POINTS, Graph, tf

#: The original code's dropout and arg scope.
KEEP_PROBABILITY = 0.999
WEIGHT_DECAY = 4e-5

#: The losses' order wherever they are an array.
LOSSES = ("cross_entropy", "regularization", "total")

#: The name under which the gradient by the module's input is found, beside the variables'.
IMAGES = "images"

_SCOPE = "MobilenetV1/MobilenetV1/{}/BatchNorm/{}"


@dataclass(frozen=True)
class Step:
    """What one training step computes."""

    activations: dict[str, np.ndarray]
    """By end point."""
    batch_mean: dict[str, np.ndarray]
    """By convolution, (channels,)."""
    batch_variance: dict[str, np.ndarray]
    """By convolution, (channels,): the mean squared distance from the mean, divided by N."""
    losses: dict[str, np.ndarray]
    """By the names in LOSSES."""
    gradients: dict[str, np.ndarray]
    """Of the total loss, by trainable variable, and by IMAGES."""
    updated: dict[str, np.ndarray]
    """Every moving mean and variance as the update operations leave it."""


class TrainingNetwork(Graph):
    """The training graph.

    Batch norm normalises with the batch's own biased variance. The variance that enters the moving
    average is unbiased, N/(N-1) of that, where it is fused (float32), and biased where it is not
    (float64). N = 1 makes the factor 1.

    Dropout's mask is given, not drawn, since no other implementation could draw the same one. The
    code is unchanged even so: a session may be fed any tensor, and what is fed here are dropout's
    random numbers. It keeps what is at least 0.001, so 1 keeps and 0 drops.
    """

    def __init__(self, depth_multiplier: float, num_classes: int, dtype: type = np.float32):
        super().__init__(depth_multiplier, num_classes, dtype, training=True)
        with self.graph.as_default():
            self._labels = tf.placeholder(np.int32, [None], name="labels")
            self._losses = self._make_losses()
            trainable = {v.op.name: v for v in tf.trainable_variables()}
            wanted = {**trainable, IMAGES: self.images}
            found = tf.gradients(self._losses["total"], list(wanted.values()))
            self._gradients = dict(zip(wanted, found, strict=True))
            self._updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
            self._learning_rate = tf.placeholder(dtype, [], name="learning_rate")
            self._descend = self._make_descent(trainable)
        self._random = self.graph.get_tensor_by_name(
            "MobilenetV1/Logits/Dropout_1b/dropout/random_uniform/RandomUniform:0"
        )
        statistics = {name: self._statistics(name) for name in END_POINTS[:27]}
        self._batch_mean = {name: mean for name, (mean, _) in statistics.items()}
        self._batch_variance = {name: variance for name, (_, variance) in statistics.items()}
        self._moving = {n: v for n, v in self.variables.items() if n not in trainable}
        self._check()

    def run(self, batch: Batch, momentum: float) -> Step:
        """One step's numbers; no variable is changed by it in the end."""
        fetches = (
            self.end_points,
            self._batch_mean,
            self._batch_variance,
            self._losses,
            self._gradients,
        )
        before = self.session.run(self._moving)
        *values, _ = self.session.run((*fetches, self._updates), self._feed(batch, momentum))
        updated = self.session.run(self._moving)
        self.load(before)
        return Step(*values, updated)

    def descend(
        self, batch: Batch, momentum: float, learning_rate: float
    ) -> dict[str, np.ndarray]:
        """Takes one step of gradient descent; returns the losses before it."""
        feed = self._feed(batch, momentum) | {self._learning_rate: learning_rate}
        losses, *_ = self.session.run((self._losses, self._descend, self._updates), feed)
        return losses

    def norms(self) -> dict[str, np.float64]:
        """The length of every variable as it is now, in float64 whatever the network's type."""
        values = self.session.run(self.variables)
        return {name: np.sqrt(np.square(v, dtype=np.float64).sum()) for name, v in values.items()}

    def _make_losses(self) -> dict[str, tf.Tensor]:
        # Not tf.losses, which computes in float32 whatever it is given.
        cross_entropy = tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels=self._labels, logits=self.end_points["Logits"]
            )
        )
        regularization = tf.add_n(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))
        losses = (cross_entropy, regularization, cross_entropy + regularization)
        return dict(zip(LOSSES, losses, strict=True))

    def _make_descent(self, trainable: Mapping[str, tf.Variable]) -> tf.Operation:
        # No variable changes before everything has been computed from the old values.
        with tf.control_dependencies([*self._losses.values(), *self._gradients.values()]):
            return tf.train.GradientDescentOptimizer(self._learning_rate).apply_gradients(
                [(self._gradients[name], variable) for name, variable in trainable.items()]
            )

    def _statistics(self, layer: str) -> tuple[tf.Tensor, tf.Tensor]:
        """A batch norm's batch mean and biased variance, as it computes them itself."""
        if self.dtype is np.float32:
            # Output 2 is the unbiased variance; the biased one is among those saved for the
            # gradient.
            outputs = self.graph.get_operation_by_name(
                _SCOPE.format(layer, "FusedBatchNormV3")
            ).outputs
            return outputs[1], outputs[4]
        return tuple(
            self.graph.get_tensor_by_name(_SCOPE.format(layer, f"moments/{name}:0"))
            for name in ("Squeeze", "Squeeze_1")
        )

    def _check(self) -> None:
        """Makes sure that nothing in the graph is computed in another floating-point type."""
        for operation in self.graph.get_operations():
            for tensor in operation.outputs:
                kind = tensor.dtype.base_dtype
                if kind.is_floating and kind != tf.as_dtype(self.dtype):
                    raise AssertionError(f"{tensor.name} is {kind.name}, not {self.dtype.__name__}")

    def _feed(self, batch: Batch, momentum: float) -> dict[tf.Tensor, np.ndarray]:
        return {
            self.images: batch.images.astype(self.dtype),
            self._labels: batch.labels,
            self._random: batch.dropout_mask[:, np.newaxis, np.newaxis].astype(self.dtype),
            self.momentum: self.dtype(momentum),
        }


def gentle_learning_rate(step: Step) -> float:
    """The largest power of two at which the loss falls by at most 2 to first order.

    A fixed rate does not suit two checkpoints whose squared gradients differ a hundredfold. A large
    one makes the steps chaotic: in the stand-in, float32 and float64 part company after two. A
    power of two is the same number in both.
    """
    slope = sum(np.square(g).sum() for name, g in step.gradients.items() if name != IMAGES)
    return 2.0 ** math.floor(math.log2(2 / slope))
