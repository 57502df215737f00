"""Records what engines compute. Run it through `make`, which sees to the environment."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from engines import ENGINES, SHIPPED
from exact import distance, end_points
from network import END_POINTS, read_network
from recording import Case, read_cases, recording

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "GoldenData" / "mobilenet_v1_075_128" / "sweep.h5"
OUTPUT = ROOT / "Tests" / "ConformanceTests" / "Recordings"

#: The cases of the committed recordings, and the first and the last end point that is recorded.
#: All of them would be 20 MB, where 6 MB may be committed. The smallest case shows every layer; the
#: next most of them on other borders; the widest what its size is for, a mean over 14 positions; the
#: last one layer where the order of summation matters most.
COMMITTED = {
    "33x33": ("Conv2d_0", "Predictions"),
    "45x37": ("Conv2d_3_depthwise", "Predictions"),
    "61x200": ("Conv2d_12_pointwise", "Predictions"),
    "33x33_cancelling": ("Conv2d_0", "Conv2d_0"),
}

#: Relative L2 to the network in float64. Rounding through thirty layers makes 1e-5 to 3e-4; one
#: wrong padding makes 1e-2.
AGREEMENT = 1e-3

# Of sysexits.h, with the meanings that they have in `assay`.
EXIT_USAGE, EXIT_DATA, EXIT_NO_INPUT, EXIT_SOFTWARE, EXIT_CANNOT_CREATE = 64, 65, 66, 70, 73


class Parser(argparse.ArgumentParser):
    """argparse, but a mistake on the command line exits with 64."""

    def error(self, message: str) -> None:
        self.exit(EXIT_USAGE, f"{self.prog}: {message} (see --help)\n")


class WrongEngine(Exception):
    """An engine that does not compute this network."""


def main() -> int:
    arguments = parse_arguments()
    parameters = arguments.parameters or arguments.golden.with_name("parameters.h5")
    for path in (arguments.golden, parameters):
        if not path.is_file():
            return fail(EXIT_NO_INPUT, f"{path}: no such file")
    names = arguments.engines.split(",")
    if len(names) > 1:
        # A library's settings hold for a whole process.
        for name in names:
            command = [sys.executable, __file__, *sys.argv[1:], "--engines", name]
            if code := subprocess.run(command, check=False).returncode:
                return code if code > 0 else fail(EXIT_SOFTWARE, f"{name} crashed")
        return 0
    try:
        record(names[0], arguments, parameters)
    except WrongEngine as error:
        return fail(EXIT_DATA, str(error))
    except (KeyError, OSError) as error:
        return fail(EXIT_CANNOT_CREATE, " ".join(str(error).split()))
    return 0


def fail(code: int, message: str) -> int:
    print(f"make: {message}", file=sys.stderr)
    return code


def parse_arguments() -> argparse.Namespace:
    parser = Parser(
        prog="make",
        description="Records the end points of engines on a golden's cases, for assay verify "
        "--activations. Without arguments: the recordings of the tests.",
    )
    parser.add_argument(
        "--engines",
        default=",".join(SHIPPED),
        type=engines,
        metavar="NAME,...",
        help=f"of {', '.join(ENGINES)} (default: all but {', '.join(ENGINES.keys() - SHIPPED)})",
    )
    parser.add_argument(
        "--golden", type=Path, default=GOLDEN, metavar="FILE", help="an inference.h5 or sweep.h5"
    )
    parser.add_argument(
        "--parameters", type=Path, metavar="FILE", help="parameters.h5 beside it, unless given"
    )
    parser.add_argument(
        "--cases",
        metavar="GLOB,...",
        help="recorded with all end points (default: those of the tests, as far as 6 MB go)",
    )
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="DIR")
    return parser.parse_args()


def engines(text: str) -> str:
    """The names, checked."""
    unknown = [name for name in text.split(",") if name not in ENGINES]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no engine {unknown[0]!r}")
    return text


def record(name: str, arguments: argparse.Namespace, parameters: Path) -> None:
    """Builds one engine, runs all cases, and writes them if all are near the exact values."""
    patterns = arguments.cases.split(",") if arguments.cases else list(COMMITTED)
    cases = read_cases(arguments.golden, patterns)
    if not cases:
        raise WrongEngine(f"{arguments.golden}: no case matches {arguments.cases}")
    network = read_network(parameters)
    engine = ENGINES[name](network)
    path = arguments.output / f"{name}.h5"
    worst = 0.0
    with recording(path, parameters, engine) as file:
        for case in cases:
            values = engine.run(case.images)
            worst = max(worst, check(name, case, values, end_points(network, case.images)))
            whole = END_POINTS[0], END_POINTS[-1]
            file.write(case, values, *(whole if arguments.cases else COMMITTED[case.name]))
    print(
        f"{name}: {len(cases)} cases, at most {worst:.1e} from the exact values, "
        f"{path.stat().st_size / 1e6:.2f} MB",
        flush=True,
    )


def check(name: str, case: Case, values: dict, exact: dict) -> float:
    """The largest distance of any end point.

    Raises:
      WrongEngine: an end point is missing, misshapen or too far off.
    """
    worst = 0.0
    for end_point in END_POINTS:
        value = values[end_point]
        if value.shape != exact[end_point].shape or value.dtype != "float32":
            raise WrongEngine(
                f"{name}: {end_point} of {case.name} is {value.dtype} {value.shape}, "
                f"not float32 {exact[end_point].shape}"
            )
        far = distance(value, exact[end_point])
        if not far <= AGREEMENT:
            raise WrongEngine(f"{name}: {end_point} of {case.name} is {far:.1e} off")
        worst = max(worst, far)
    return worst


if __name__ == "__main__":
    sys.exit(main())
