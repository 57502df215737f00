"""The engines to compare: each in a process of its own, asleep while others run."""
import json
import multiprocessing
import os
import subprocess
import time

import numpy as np

NAMES = ("litert", "onnxruntime", "openvino")
TRAINERS = ("tensorflow", "pytorch")


def _litert(layers, images, threads):
    from ai_edge_litert.interpreter import Interpreter

    import lite_model
    content = lite_model.build(layers, images.shape[0], images.shape[1])
    interpreter = Interpreter(model_content=content, num_threads=threads)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], images)
    output = interpreter.get_output_details()[0]["index"]
    return interpreter.invoke, lambda: interpreter.get_tensor(output)


def _onnxruntime(layers, images, threads):
    import onnxruntime

    import onnx_model
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    content = onnx_model.build(layers, images.shape[0], images.shape[1])
    session = onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])
    logits = onnxruntime.OrtValue.ortvalue_from_numpy(
        np.zeros((len(images), len(layers[-1].bias)), np.float32))
    binding = session.io_binding()
    binding.bind_ortvalue_input(
        "images", onnxruntime.OrtValue.ortvalue_from_numpy(_planar(images)))
    binding.bind_ortvalue_output("logits", logits)
    return (lambda: session.run_with_iobinding(binding)), logits.numpy


def _openvino(layers, images, threads):
    import openvino

    import onnx_model
    core = openvino.Core()
    content = onnx_model.build(layers, images.shape[0], images.shape[1])
    model = core.compile_model(
        core.read_model(content), "CPU",
        {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32",
         "INFERENCE_NUM_THREADS": str(threads), "ENABLE_CPU_PINNING": "NO"})
    request = model.create_infer_request()
    request.set_input_tensor(openvino.Tensor(_planar(images)))
    return (lambda: request.infer(share_outputs=True),
            lambda: request.get_output_tensor().data.copy())


def _planar(images):
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2))


def _pin(core):
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def _maker(name):
    if name in TRAINERS:
        import training
        return getattr(training, name)
    return {"litert": _litert, "onnxruntime": _onnxruntime, "openvino": _openvino}[name]


def _serve(pipe, name, network, images, threads, core):
    _pin(core)
    call, result = _maker(name)(network, images, threads)
    call()
    pipe.send(np.array(result()))
    while True:
        try:
            warmup, runs = pipe.recv()
        except EOFError:
            return
        for _ in range(warmup):
            call()
        samples = []
        for _ in range(runs):
            start = time.perf_counter_ns()
            call()
            samples.append((time.perf_counter_ns() - start) / 1000)
        pipe.send(samples)


class Library:
    """A library from PyPI; its logits, or its loss if it trains, are there before the first round.

    `network` is what its maker reads: folded layers, or the path of parameters.h5 for training."""

    def __init__(self, name, network, images, threads, core):
        self.name = name
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(other, name, network, images, threads, core), daemon=True)
        self._process.start()
        other.close()
        self.result = self._pipe.recv()

    def round(self, warmup, runs):
        """Microseconds of every run."""
        self._pipe.send((warmup, runs))
        return self._pipe.recv()

    def close(self):
        self._pipe.close()
        self._process.join(20)


class Assay:
    """This project's engine: a process per round, `assay bench` in its turn. Its logits are
    `assay verify`'s business."""

    name = "assay"

    def __init__(self, program, parameters, size, batch, threads, core, training=False):
        self._command = [program, "bench", "--parameters", parameters]
        self._command += ["--training"] * training
        self._environment = dict(
            os.environ, BENCH_SIZE=str(size), BENCH_BATCH=str(batch),
            BENCH_THREADS=str(threads))
        self._core = core

    def round(self, warmup, runs):
        return self.turn(warmup, runs)["samples_us"]

    def turn(self, warmup, runs):
        """All that a turn's last line says."""
        result = subprocess.run(
            self._command, check=True, stdout=subprocess.PIPE, text=True,
            env=dict(self._environment, BENCH_WARMUP=str(warmup), BENCH_RUNS=str(runs)),
            preexec_fn=lambda: _pin(self._core))
        return json.loads(result.stdout.splitlines()[-1])

    def close(self):
        pass
