"""The network as a TensorFlow Lite model, 2 x - 1 and all: images NHWC in, logits out.

It is written with the schema that LiteRT itself brings, so that no TensorFlow is needed.
"""
import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as lite

from network import same_padding

Operator = lite.BuiltinOperator
Options = lite.BuiltinOptions
Activation = lite.ActivationFunctionType


class _Graph:
    def __init__(self):
        self.model = lite.ModelT()
        self.model.version = 3
        self.model.description = "MobileNet V1"
        self.model.operatorCodes = []
        # By the format's rule the first buffer is empty.
        self.model.buffers = [lite.BufferT()]
        self.graph = lite.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.model.subgraphs = [self.graph]

    def tensor(self, name, shape, values=None, dtype=np.float32):
        """The index of a new tensor; a constant, if it has values."""
        tensor = lite.TensorT()
        tensor.name, tensor.shape = name, list(shape)
        tensor.type = lite.TensorType.INT32 if dtype == np.int32 else lite.TensorType.FLOAT32
        tensor.buffer = 0
        if values is not None:
            buffer = lite.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(values, dtype).tobytes(), np.uint8)
            tensor.buffer = len(self.model.buffers)
            self.model.buffers.append(buffer)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def constant(self, name, values, dtype=np.float32):
        values = np.asarray(values, dtype)
        return self.tensor(name, values.shape, values, dtype)

    def operator(self, code, inputs, output, kind, options):
        codes = [known.builtinCode for known in self.model.operatorCodes]
        if code not in codes:
            known = lite.OperatorCodeT()
            known.builtinCode = known.deprecatedBuiltinCode = code
            known.version = 1
            self.model.operatorCodes.append(known)
            codes.append(code)
        operator = lite.OperatorT()
        operator.opcodeIndex = codes.index(code)
        operator.inputs, operator.outputs = inputs, [output]
        operator.builtinOptionsType, operator.builtinOptions = kind, options
        self.graph.operators.append(operator)
        return output

    def serialized(self, inputs, outputs):
        self.graph.inputs, self.graph.outputs = [inputs], [outputs]
        builder = flatbuffers.Builder(1 << 24)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def build(layers, batch, size):
    """Bytes of the model for images of one shape."""
    graph = _Graph()
    shape = [batch, size, size, 3]
    images = graph.tensor("images", shape)
    doubled = graph.operator(
        Operator.MUL, [images, graph.constant("two", 2)], graph.tensor("doubled", shape),
        Options.MulOptions, lite.MulOptionsT())
    value = graph.operator(
        Operator.SUB, [doubled, graph.constant("one", 1)], graph.tensor("centered", shape),
        Options.SubOptions, lite.SubOptionsT())
    side = size
    for layer in layers[:-1]:
        side = same_padding(side, layer.weights.shape[0], layer.stride)[0]
        output = graph.tensor(layer.name, [batch, side, side, len(layer.bias)])
        value = _convolution(graph, layer, value, output)
    logits = layers[-1]
    axes = graph.constant("axes", [1, 2], np.int32)
    value = graph.operator(
        Operator.MEAN, [value, axes], graph.tensor("features", [batch, len(logits.weights)]),
        Options.ReducerOptions, lite.ReducerOptionsT())
    output = graph.operator(
        Operator.FULLY_CONNECTED,
        [value, graph.constant("Logits/weights", logits.weights.T),
         graph.constant("Logits/bias", logits.bias)],
        graph.tensor("logits", [batch, len(logits.bias)]),
        Options.FullyConnectedOptions, lite.FullyConnectedOptionsT())
    return graph.serialized(images, output)


def _convolution(graph, layer, value, output):
    is_depthwise = layer.kind == "depthwise"
    options = lite.DepthwiseConv2DOptionsT() if is_depthwise else lite.Conv2DOptionsT()
    options.padding = lite.Padding.SAME
    options.strideH = options.strideW = layer.stride
    options.dilationHFactor = options.dilationWFactor = 1
    options.fusedActivationFunction = Activation.RELU6
    # TensorFlow Lite's orders: 1HWC for depthwise, OHWI for the others.
    order = (3, 0, 1, 2)
    if is_depthwise:
        options.depthMultiplier = 1
    weights = graph.constant(f"{layer.name}/weights", layer.weights.transpose(order))
    bias = graph.constant(f"{layer.name}/bias", layer.bias)
    code = Operator.DEPTHWISE_CONV_2D if is_depthwise else Operator.CONV_2D
    kind = Options.DepthwiseConv2DOptions if is_depthwise else Options.Conv2DOptions
    return graph.operator(code, [value, weights, bias], output, kind, options)
