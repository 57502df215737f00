"""Adds cases to golden files. Run it through `add_cases`, which sees to the environment."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import h5py
import numpy as np

from errors import BadInput, MissingInput
from export import EXIT_CANNOT_CREATE, EXIT_DATA, EXIT_NO_INPUT, Parser

#: What has to be the same for old and new cases to belong together. Not `host_isa`: that of the
#: first export stays.
ORACLE = ("oracle", "oracle_sha256", "tensorflow", "onednn", "seed")


def main() -> int:
    arguments = parse_arguments()
    try:
        add_cases(arguments.folder)
    except BadInput as error:
        return fail(EXIT_DATA, str(error))
    except MissingInput as error:
        return fail(EXIT_NO_INPUT, str(error))
    except OSError as error:
        return fail(
            EXIT_CANNOT_CREATE, f"{error.filename or arguments.folder}: {error.strerror or error}"
        )
    return 0


def fail(code: int, message: str) -> int:
    print(f"add_cases: {message}", file=sys.stderr)
    return code


def parse_arguments() -> argparse.Namespace:
    parser = Parser(
        prog="add_cases",
        description="Computes the inference and sweep cases that golden files lack, with their own "
        "parameters. All other numbers stay bit for bit.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="made by export")
    return parser.parse_args()


def add_cases(folder: Path) -> None:
    # TensorFlow takes seconds to import; a mistake on the command line is told before.
    from cases import SEED, inference_cases, sweep_base, sweep_cases
    from golden import golden_files
    from network import Network, describe_oracle

    manifest, attributes = read_attributes(folder)
    own = {**describe_oracle(), "seed": SEED}
    for name in ORACLE:
        if attributes[name] != own[name]:
            raise BadInput(
                f"{folder}: {name} is {attributes[name]}, this oracle's is {own[name]}; export anew"
            )
    sizes = float(attributes["depth_multiplier"]), int(attributes["num_classes"])
    with Network(*sizes, np.float32) as float32, Network(*sizes, np.float64) as float64:
        with h5py.File(folder / "parameters.h5") as file:
            parameters = {name: file[name][()] for name in float32.shapes}
        float32.load(parameters)
        float64.load(parameters)
        with golden_files(folder, attributes, manifest["command"], earlier=folder) as writer:
            writer.keep("parameters.h5")
            writer.write_inference(inference_cases(*attributes["image_size"]), float32, float64)
            writer.write_sweep(sweep_base(), sweep_cases(), float32)
            if "training.h5" in manifest["files"]:
                writer.keep("training.h5")


def read_attributes(folder: Path) -> tuple[dict, dict[str, object]]:
    """The manifest, and the attributes that all files of the folder have."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        names = manifest["attributes"]
        with h5py.File(folder / "parameters.h5") as file:
            return manifest, {name: file.attrs[name] for name in names}
    except FileNotFoundError as error:
        raise MissingInput(f"{folder}: holds no golden files that export made") from error
    except (KeyError, ValueError, OSError) as error:
        raise BadInput(f"{folder}: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
