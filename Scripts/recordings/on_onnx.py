"""ONNX Runtime and OpenVINO, both from an ONNX model whose batch norms they fold themselves."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from network import END_POINTS, EPSILON, Layer, Network, Run

ONNX_RUNTIME_PACKAGES = ("onnxruntime", "onnx")

ONNX_RUNTIME_OPTIONS = "CPU provider, all graph optimizations: batch norm folded, 1 thread"

OPENVINO_PACKAGES = ("openvino", "onnx")

OPENVINO_OPTIONS = "CPU, inference precision f32: batch norm folded, 1 thread"


def build_onnx_runtime(network: Network) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1

    def run(images: np.ndarray) -> dict[str, np.ndarray]:
        session = onnxruntime.InferenceSession(
            model(network, images.shape), options, ["CPUExecutionProvider"]
        )
        return _named(session.run(END_POINTS, {"images": _planar(images)}))

    return run


def build_openvino(network: Network) -> Run:
    import openvino

    core = openvino.Core()
    # Without the hint a processor with AMX or bf16 computes in bf16.
    properties = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": "1"}

    def run(images: np.ndarray) -> dict[str, np.ndarray]:
        compiled = core.compile_model(
            core.read_model(model(network, images.shape)), "CPU", properties
        )
        answer = compiled(_planar(images))
        return _named([answer[name] for name in END_POINTS])

    return run


def model(network: Network, shape: tuple[int, ...]) -> bytes:
    """The model for images of one shape (N, H, W, 3), its input NCHW, each end point an output."""
    graph = _Graph()
    batch, height, width, channels = shape
    images = helper.make_tensor_value_info(
        "images", TensorProto.FLOAT, [batch, channels, height, width]
    )
    value = graph.node("Mul", ["images", graph.constant("two", np.float32(2))], "doubled")
    value = graph.node("Sub", [value, graph.constant("one", np.float32(1))], "centered")
    for layer in network.layers:
        value = _convolution(graph, layer, value, height, width)
        height, width = (-(-side // layer.stride) for side in (height, width))
    value = graph.node("GlobalAveragePool", [value], "global_pool")
    value = graph.node("Flatten", [value], "features")
    weights = graph.constant("Logits/weights", network.weights)
    value = graph.node(
        "Gemm", [value, weights, graph.constant("Logits/bias", network.bias)], "Logits"
    )
    graph.node("Softmax", [value], "Predictions", axis=1)
    outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in END_POINTS]
    made = helper.make_model(
        helper.make_graph(graph.nodes, "mobilenet_v1", [images], outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    return onnx.shape_inference.infer_shapes(made).SerializeToString()


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, values: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, operation: str, inputs: list[str], output: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(operation, inputs, [output], output, **attributes))
        return output


def _convolution(graph: _Graph, layer: Layer, value: str, height: int, width: int) -> str:
    (top, bottom), (left, right) = layer.padding(height, width)
    order = (2, 3, 0, 1) if layer.is_depthwise else (3, 2, 0, 1)
    value = graph.node(
        "Conv",
        [value, graph.constant(f"{layer.name}/weights", layer.weights.transpose(order))],
        f"{layer.name}/convolution",
        kernel_shape=[layer.kernel] * 2,
        strides=[layer.stride] * 2,
        pads=[top, left, bottom, right],
        group=len(layer.gamma) if layer.is_depthwise else 1,
    )
    norm = [
        graph.constant(f"{layer.name}/{name}", getattr(layer, name))
        for name in ("gamma", "beta", "mean", "variance")
    ]
    value = graph.node(
        "BatchNormalization", [value, *norm], f"{layer.name}/normalized", epsilon=EPSILON
    )
    bounds = [
        graph.constant(f"{layer.name}/{name}", np.float32(bound))
        for name, bound in (("low", 0), ("high", 6))
    ]
    return graph.node("Clip", [value, *bounds], layer.name)


def _planar(images: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2))


def _named(values: list[np.ndarray]) -> dict[str, np.ndarray]:
    return {
        name: value.transpose(0, 2, 3, 1) if value.ndim == 4 else value
        for name, value in zip(END_POINTS, values, strict=True)
    }
