"""PyTorch in eager mode, batch norm folded into the convolutions by its own function."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from network import EPSILON, Layer, Network, Run

PACKAGES = ("torch",)

_FOLDED = "eager, batch norm folded by fuse_conv_bn_eval, 1 thread"

OPTIONS = f"NCHW, contiguous; {_FOLDED}"

CHANNELS_LAST_OPTIONS = f"channels-last; {_FOLDED}"

NATIVE_OPTIONS = f"NCHW, contiguous, oneDNN off; {_FOLDED}"


def build(network: Network, *, channels_last: bool = False, onednn: bool = True) -> Run:
    torch.set_num_threads(1)
    torch.backends.mkldnn.enabled = onednn
    layout = torch.channels_last if channels_last else torch.contiguous_format
    convolutions = [(layer, _folded(layer).to(memory_format=layout)) for layer in network.layers]
    weights, bias = torch.from_numpy(network.weights.T.copy()), torch.from_numpy(network.bias)

    @torch.inference_mode()
    def run(images: np.ndarray) -> dict[str, np.ndarray]:
        values: dict[str, torch.Tensor] = {}
        value = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(memory_format=layout)
        value = value * 2 - 1
        for layer, convolution in convolutions:
            (top, bottom), (left, right) = layer.padding(*value.shape[2:])
            value = functional.pad(value, (left, right, top, bottom))
            value = values[layer.name] = functional.relu6(convolution(value))
        value = values["global_pool"] = functional.adaptive_avg_pool2d(value, 1)
        value = values["Logits"] = functional.linear(value.flatten(1), weights, bias)
        values["Predictions"] = functional.softmax(value, 1)
        return {
            name: (value.permute(0, 2, 3, 1) if value.ndim == 4 else value).numpy()
            for name, value in values.items()
        }

    return run


def _folded(layer: Layer) -> torch.nn.Conv2d:
    """The convolution with its batch norm, folded in float32; padding is done before."""
    order = (2, 3, 0, 1) if layer.is_depthwise else (3, 2, 0, 1)
    weights = torch.from_numpy(layer.weights.transpose(order).copy())
    outputs = len(layer.gamma)
    groups = outputs if layer.is_depthwise else 1
    convolution = torch.nn.Conv2d(
        weights.shape[1] * groups, outputs, layer.kernel, layer.stride, groups=groups, bias=False
    )
    norm = torch.nn.BatchNorm2d(outputs, eps=EPSILON)
    convolution.load_state_dict({"weight": weights})
    norm.load_state_dict(
        {
            "weight": torch.from_numpy(layer.gamma),
            "bias": torch.from_numpy(layer.beta),
            "running_mean": torch.from_numpy(layer.mean),
            "running_var": torch.from_numpy(layer.variance),
            "num_batches_tracked": torch.tensor(0),
        }
    )
    return fuse_conv_bn_eval(convolution.eval(), norm.eval())
