"""The network as an ONNX model, 2 x - 1 and all: images NCHW in, logits out."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper

from network import same_padding


class _Graph:
    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, name, values):
        array = np.ascontiguousarray(values, dtype=np.float32)
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def node(self, operation, inputs, output, **attributes):
        self.nodes.append(helper.make_node(operation, inputs, [output], output, **attributes))
        return output


def build(layers, batch, size):
    """Bytes of the model for images of one shape."""
    graph = _Graph()
    doubled = graph.node("Mul", ["images", graph.constant("two", 2)], "doubled")
    value = graph.node("Sub", [doubled, graph.constant("one", 1)], "centered")
    bounds = [graph.constant("low", 0), graph.constant("high", 6)]
    side = size
    for layer in layers[:-1]:
        value, side = _convolution(graph, layer, value, side, bounds)
    value = graph.node("GlobalAveragePool", [value], "pool")
    value = graph.node("Flatten", [value], "features")
    logits = layers[-1]
    graph.node(
        "Gemm",
        [value, graph.constant("Logits/weights", logits.weights),
         graph.constant("Logits/bias", logits.bias)], "logits")
    inputs = helper.make_tensor_value_info("images", TensorProto.FLOAT, [batch, 3, size, size])
    outputs = helper.make_tensor_value_info(
        "logits", TensorProto.FLOAT, [batch, len(logits.bias)])
    model = helper.make_model(
        helper.make_graph(graph.nodes, "mobilenet_v1", [inputs], [outputs], graph.constants),
        opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def _convolution(graph, layer, value, side, bounds):
    kernel = layer.weights.shape[0]
    is_depthwise = layer.kind == "depthwise"
    order = (2, 3, 0, 1) if is_depthwise else (3, 2, 0, 1)
    side, before, after = same_padding(side, kernel, layer.stride)
    weights = graph.constant(f"{layer.name}/weights", layer.weights.transpose(order))
    bias = graph.constant(f"{layer.name}/bias", layer.bias)
    value = graph.node(
        "Conv", [value, weights, bias], layer.name, kernel_shape=[kernel] * 2,
        strides=[layer.stride] * 2, pads=[before, before, after, after],
        group=len(layer.bias) if is_depthwise else 1)
    return graph.node("Clip", [value, *bounds], f"{layer.name}/relu6"), side
