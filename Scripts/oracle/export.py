"""Makes golden files from a checkpoint. Run it through `export`, which sees to the environment."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from errors import BadInput, MissingInput

# Of sysexits.h, with the meanings that they have in `assay`.
EXIT_USAGE, EXIT_DATA, EXIT_NO_INPUT, EXIT_CANNOT_CREATE = 64, 65, 66, 73


class Parser(argparse.ArgumentParser):
    """argparse, but a mistake on the command line exits with 64."""

    def error(self, message: str) -> None:
        self.exit(EXIT_USAGE, f"{self.prog}: {message} (see --help)\n")


def main() -> int:
    arguments = parse_arguments()
    # TensorFlow takes seconds to import; a mistake on the command line is told before.
    from pipeline import export

    try:
        export(arguments)
    except BadInput as error:
        return fail(EXIT_DATA, str(error))
    except MissingInput as error:
        return fail(EXIT_NO_INPUT, str(error))
    except OSError as error:
        return fail(EXIT_CANNOT_CREATE, f"{error.filename or arguments.output}: {error.strerror}")
    return 0


def fail(code: int, message: str) -> int:
    print(f"export: {message}", file=sys.stderr)
    return code


def parse_arguments() -> argparse.Namespace:
    parser = Parser(prog="export", description="Makes golden files from a MobileNet V1 checkpoint.")
    parser.add_argument(
        "--checkpoint",
        required=True,
        metavar="PATH",
        help="a TensorFlow checkpoint's prefix, a frozen GraphDef (.pb), or an official archive "
        "(.tgz); the latter two also as an https address",
    )
    parser.add_argument("--output", required=True, type=Path, metavar="DIR")
    parser.add_argument("--depth-multiplier", type=depth_multiplier, default=0.75, metavar="X")
    parser.add_argument(
        "--image-size",
        type=image_size,
        default="128",
        metavar="N|HxW",
        help="of the cases chelsea and coffee (default 128); the others have sizes of their own",
    )
    parser.add_argument("--num-classes", type=positive, default=1001, metavar="N")
    parser.add_argument(
        "--training", action="store_true", help="also training.h5: losses, gradients, statistics"
    )
    parser.add_argument("--labels", type=Path, metavar="FILE", help="a class name on each line")
    parser.add_argument("--name", help="the checkpoint's name (default: its file's)")
    parser.add_argument(
        "--description", default="as given to Scripts/oracle/export", help="one line about it"
    )
    return parser.parse_args()


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def depth_multiplier(text: str) -> float:
    value = float(text)
    if not 0 < value < 100:
        raise ValueError
    return value


def image_size(text: str) -> tuple[int, int]:
    sides = [positive(side) for side in text.split("x")]
    height, width = sides * 2 if len(sides) == 1 else sides
    return height, width


if __name__ == "__main__":
    sys.exit(main())
