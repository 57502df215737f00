"""The engines that can be recorded.

Each is imported only where it is built, in a process of its own: some are one library with other
settings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata

from network import Network, Run


@dataclass(frozen=True)
class Engine:
    """An engine that is ready to run."""

    title: str
    packages: tuple[str, ...]
    options: str
    run: Run

    @property
    def version(self) -> str:
        return ", ".join(f"{name} {metadata.version(name)}" for name in self.packages)


def _litert(network: Network) -> Engine:
    import on_litert as on

    return Engine("LiteRT", on.PACKAGES, on.OPTIONS, on.build(network))


def _onnxruntime(network: Network) -> Engine:
    import on_onnx as on

    run = on.build_onnx_runtime(network)
    return Engine("ONNX Runtime", on.ONNX_RUNTIME_PACKAGES, on.ONNX_RUNTIME_OPTIONS, run)


def _openvino(network: Network) -> Engine:
    import on_onnx as on

    run = on.build_openvino(network)
    return Engine("OpenVINO", on.OPENVINO_PACKAGES, on.OPENVINO_OPTIONS, run)


def _torch(network: Network) -> Engine:
    import on_torch as on

    return Engine("PyTorch, NCHW", on.PACKAGES, on.OPTIONS, on.build(network))


def _torch_channels_last(network: Network) -> Engine:
    import on_torch as on

    run = on.build(network, channels_last=True)
    return Engine("PyTorch, channels-last", on.PACKAGES, on.CHANNELS_LAST_OPTIONS, run)


def _torch_native(network: Network) -> Engine:
    import on_torch as on

    run = on.build(network, onednn=False)
    return Engine("PyTorch without oneDNN", on.PACKAGES, on.NATIVE_OPTIONS, run)


def _jax(network: Network) -> Engine:
    import on_jax as on

    return Engine("JAX", on.PACKAGES, on.OPTIONS, on.build(network))


def _tensorflow_onednn(network: Network) -> Engine:
    import on_tensorflow as on

    return Engine("TensorFlow, oneDNN", on.PACKAGES, on.OPTIONS, on.build(network))


def _tensorflow_xla(network: Network) -> Engine:
    import on_tensorflow as on

    run = on.build(network, xla=True)
    return Engine("TensorFlow, XLA", on.PACKAGES, on.XLA_OPTIONS, run)


def _loops(network: Network) -> Engine:
    import on_numpy as on

    return Engine("C loops", on.PACKAGES, on.LOOPS_OPTIONS, on.build_loops(network))


def _pairwise(network: Network) -> Engine:
    import on_numpy as on

    return Engine("sums in pairs", on.PACKAGES, on.PAIRWISE_OPTIONS, on.build_pairwise(network))


#: Those whose recordings are committed.
SHIPPED: dict[str, Callable[[Network], Engine]] = {
    "litert": _litert,
    "onnxruntime": _onnxruntime,
    "openvino": _openvino,
    "torch_nchw": _torch,
    "torch_channels_last": _torch_channels_last,
    "jax": _jax,
    "tensorflow_onednn": _tensorflow_onednn,
    "tensorflow_xla": _tensorflow_xla,
}

#: All.
ENGINES: dict[str, Callable[[Network], Engine]] = SHIPPED | {
    "torch_native": _torch_native,
    "loops": _loops,
    "pairwise": _pairwise,
}
