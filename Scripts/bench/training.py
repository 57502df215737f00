"""A training step in TensorFlow and in PyTorch: loss and all gradients of the network of a
parameters.h5, batch norm with the batch's statistics. Image i has the label (123 i + 7) mod classes;
nothing drops out."""
import os

import h5py
import numpy as np

from network import EPSILON, STRIDES, same_padding

WEIGHT_DECAY = 4e-5
LOGITS = "MobilenetV1/Logits/Conv2d_1c_1x1/"


def _read(path):
    """By TensorFlow name."""
    values = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            values[f"MobilenetV1/{name}"] = item[()]

    with h5py.File(path) as file:
        file["MobilenetV1"].visititems(visit)
    return values


def _blocks():
    """Layer by layer: name, kind of weights, stride."""
    yield "MobilenetV1/Conv2d_0", "weights", 2
    for number, stride in enumerate(STRIDES, 1):
        yield f"MobilenetV1/Conv2d_{number}_depthwise", "depthwise_weights", stride
        yield f"MobilenetV1/Conv2d_{number}_pointwise", "weights", 1


def _labels(images, classes):
    return [(123 * index + 7) % classes for index in range(len(images))]


def _decays(name):
    return name.endswith("/weights")


def tensorflow(path, images, threads):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    variables = {name: tf.Variable(value) for name, value in _read(path).items()}
    trained = [value for name, value in variables.items() if "/moving_" not in name]
    inputs = tf.constant(images)
    labels = tf.constant(_labels(images, len(variables[LOGITS + "biases"].numpy())))

    def block(value, name, kind, stride):
        weights = variables[f"{name}/{kind}"]
        if kind == "weights":
            value = tf.nn.conv2d(value, weights, stride, "SAME")
        else:
            value = tf.nn.depthwise_conv2d(value, weights, [1, stride, stride, 1], "SAME")
        norm = f"{name}/BatchNorm/"
        value, *_ = tf.compat.v1.nn.fused_batch_norm(
            value, variables[norm + "gamma"], variables[norm + "beta"], epsilon=EPSILON,
            is_training=True)
        return tf.nn.relu6(value)

    @tf.function
    def step(value):
        with tf.GradientTape() as tape:
            value = value * 2 - 1
            for name, kind, stride in _blocks():
                value = block(value, name, kind, stride)
            features = tf.reduce_mean(value, [1, 2])
            logits = tf.matmul(features, variables[LOGITS + "weights"][0, 0])
            entropy = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels, logits + variables[LOGITS + "biases"]))
            decay = WEIGHT_DECAY * tf.add_n([
                tf.nn.l2_loss(value) for name, value in variables.items() if _decays(name)])
            total = entropy + decay
        return (entropy, decay), tape.gradient(total, trained)

    # Every gradient is computed when the step returns.
    return (lambda: step(inputs)), (lambda: [float(term) for term in step(inputs)[0]])


def pytorch(path, images, threads):
    import torch
    from torch.nn import functional
    torch.set_num_threads(threads)
    layout = torch.channels_last  # faster here than the default

    variables = {}
    for name, value in _read(path).items():
        if value.ndim == 4:
            is_depthwise = name.endswith("/depthwise_weights")
            value = value.transpose((2, 3, 0, 1) if is_depthwise else (3, 2, 0, 1))
        tensor = torch.tensor(np.ascontiguousarray(value))
        if value.ndim == 4:
            tensor = tensor.contiguous(memory_format=layout)
        variables[name] = tensor.requires_grad_("/moving_" not in name)
    trained = [value for value in variables.values() if value.requires_grad]
    inputs = torch.tensor(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
    inputs = inputs.contiguous(memory_format=layout)
    labels = torch.tensor(_labels(images, len(variables[LOGITS + "biases"])))

    def convolution(value, weights, stride):
        groups = value.shape[1] if weights.shape[1] == 1 else 1
        _, before, after = same_padding(value.shape[2], weights.shape[2], stride)
        if before == after:
            return functional.conv2d(value, weights, None, stride, before, groups=groups)
        value = functional.pad(value, (before, after, before, after))
        return functional.conv2d(value, weights, None, stride, groups=groups)

    def step():
        for tensor in trained:
            tensor.grad = None
        value = inputs * 2 - 1
        for name, kind, stride in _blocks():
            value = convolution(value, variables[f"{name}/{kind}"], stride)
            norm = f"{name}/BatchNorm/"
            value = functional.relu6(functional.batch_norm(
                value, variables[norm + "moving_mean"], variables[norm + "moving_variance"],
                variables[norm + "gamma"], variables[norm + "beta"], True, 0.01, EPSILON))
        logits = functional.linear(
            value.mean((2, 3)), variables[LOGITS + "weights"][:, :, 0, 0],
            variables[LOGITS + "biases"])
        entropy = functional.cross_entropy(logits, labels)
        decay = WEIGHT_DECAY / 2 * sum(
            (value * value).sum() for name, value in variables.items() if _decays(name))
        (entropy + decay).backward()
        return entropy.item(), decay.item()

    return step, step
