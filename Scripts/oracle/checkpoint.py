"""Reads trained variables from the forms in which MobileNet V1 was published, and checks them."""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from errors import BadInput, MissingInput
from network import tf

_DATA_SUFFIX = ".data-00000-of-00001"

# What a training run saves beside the network's own variables: the step, moving averages of the
# weights, and optimizer state.
_TRAINING_STATE = re.compile(
    r"(^|/)global_step$|/(ExponentialMovingAverage|RMSProp(_1)?|Momentum|Adam(_1)?)(/.*)?$"
)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint's variables, all float32, with where they came from."""

    name: str
    sha256: str
    parameters: dict[str, np.ndarray]
    ignored: list[str]


def read_checkpoint(location: str, shapes: Mapping[str, tuple[int, ...]]) -> Checkpoint:
    """Reads a checkpoint prefix, a frozen GraphDef, or an archive of either.

    Args:
      location: path of a checkpoint prefix, a `.pb` or a `.tgz`; or an https address of the latter.
      shapes: the variables that it must hold.

    Raises:
      MissingInput: nothing can be read there.
      BadInput: it is damaged, or its variables are not those.
    """
    try:
        with _local(location) as path:
            if path.name.endswith((".tgz", ".tar.gz")):
                found, sha256 = _read_archive(path, shapes), _sha256(path)
            elif path.suffix == ".pb":
                found, sha256 = _read_frozen_graph(path, shapes), _sha256(path)
            else:
                found, sha256 = _read_prefix(path), _sha256(_data_file(path))
        ignored = sorted(n for n in found if n not in shapes and _TRAINING_STATE.search(n))
        parameters = {name: value for name, value in found.items() if name not in ignored}
        _check(parameters, shapes)
    except (BadInput, MissingInput) as error:
        raise type(error)(f"{location}: {error}") from error
    except OSError as error:
        raise MissingInput(f"{location}: {error.strerror}") from error
    return Checkpoint(Path(location).name, sha256, parameters, ignored)


def parameters_sha256(parameters: Mapping[str, np.ndarray]) -> str:
    """One hash for a set of variables, whatever file they are in.

    Over all variables, sorted by name as bytes: the name, a zero byte, the shape as in `3x3x3x24`,
    a zero byte, the values as little-endian float32.
    """
    digest = hashlib.sha256()
    for name in sorted(parameters, key=str.encode):
        value = parameters[name]
        digest.update(name.encode() + b"\0")
        digest.update("x".join(map(str, value.shape)).encode() + b"\0")
        digest.update(value.astype("<f4").tobytes())
    return digest.hexdigest()


def _check(parameters: Mapping[str, np.ndarray], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Refuses anything but exactly the network's variables, finite and of the right shape."""
    for name, shape in shapes.items():
        if name not in parameters:
            raise BadInput(f"has no variable {name}")
        value = parameters[name]
        if value.shape != shape:
            raise BadInput(
                f"variable {name} has shape {list(value.shape)}, not {list(shape)}; "
                "is --depth-multiplier or --num-classes another?"
            )
        if value.dtype != np.float32:
            raise BadInput(f"variable {name} is {value.dtype}, not float32")
        if not np.isfinite(value).all():
            raise BadInput(f"variable {name} holds a value that is not finite")
        if name.endswith("/moving_variance") and value.min() < 0:
            raise BadInput(f"variable {name} holds a negative variance")
    unknown = sorted(set(parameters) - set(shapes))
    if unknown:
        raise BadInput(f"has a variable that is not this network's: {unknown[0]}")


def _data_file(prefix: Path) -> Path:
    return prefix.with_name(prefix.name + _DATA_SUFFIX)


def _read_prefix(prefix: Path) -> dict[str, np.ndarray]:
    for path in (prefix.with_name(prefix.name + ".index"), _data_file(prefix)):
        if not path.is_file():
            raise MissingInput(f"no file {path.name} (a checkpoint is named by its prefix)")
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        raise BadInput(f"cannot be read as a checkpoint: {_first_line(error)}") from error


def _read_frozen_graph(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """The variables that freezing turned into constants.

    Freezing leaves the op that read a variable `v` as the node `v/read`, which tells its constant
    from the graph's own ones. Tools that tidy a graph drop that node, so the network's names count
    too.
    """
    _require_file(path)
    graph = tf.GraphDef()
    try:
        graph.ParseFromString(path.read_bytes())
    except Exception as error:  # protobuf's DecodeError has no public home
        raise BadInput(f"is not a GraphDef: {_first_line(error)}") from error
    names = {node.name for node in graph.node}
    return {
        node.name: tf.make_ndarray(node.attr["value"].tensor)
        for node in graph.node
        if node.op == "Const" and (f"{node.name}/read" in names or node.name in shapes)
    }


def _read_archive(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """An official archive holds the same weights several times; the checkpoint comes first."""
    _require_file(path)
    with tempfile.TemporaryDirectory() as directory:
        try:
            with tarfile.open(path) as archive:
                archive.extractall(directory, filter="data")
        except (tarfile.TarError, EOFError, OSError) as error:
            raise BadInput(f"cannot be unpacked: {_first_line(error)}") from error
        indices = sorted(Path(directory).rglob("*.ckpt.index"))
        if indices:
            return _read_prefix(indices[0].with_suffix(""))
        graphs = sorted(Path(directory).rglob("*.pb"))
        if graphs:
            return _read_frozen_graph(graphs[0], shapes)
    raise BadInput("holds neither a .ckpt.index nor a .pb")


@contextlib.contextmanager
def _local(location: str) -> Iterator[Path]:
    """The location as a file of this machine; an address is fetched for as long as it is needed."""
    if not location.startswith("https://"):
        yield Path(location)
        return
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / Path(location).name
        print(f"fetching {location}", file=sys.stderr)
        try:
            with urllib.request.urlopen(location, timeout=60) as response, path.open("wb") as file:
                shutil.copyfileobj(response, file)
        except (urllib.error.URLError, OSError) as error:
            raise MissingInput(f"cannot be fetched: {_first_line(error)}") from error
        yield path


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise MissingInput("no such file")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
