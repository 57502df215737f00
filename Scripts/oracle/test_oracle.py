"""Tests of the oracle, on a small network: quick, and needing no checkpoint."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

import h5py
import numpy as np

import cases
import golden
import make_checkpoint
from checkpoint import parameters_sha256, read_checkpoint
from errors import BadInput, MissingInput
from network import END_POINTS, Network, tf

CLASSES = 7


def random_parameters(network: Network) -> dict[str, np.ndarray]:
    random = np.random.default_rng(1)
    return {
        name: random.uniform(0.1, 1, shape).astype(np.float32)
        for name, shape in network.shapes.items()
    }


class OracleTestCase(unittest.TestCase):
    """A network of depth multiplier 0.25 with random parameters, and a folder to write into."""

    @classmethod
    def setUpClass(cls):
        cls.network = cls.enterClassContext(Network(0.25, CLASSES))
        cls.parameters = random_parameters(cls.network)
        cls.network.load(cls.parameters)

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def save(self, variables: dict[str, np.ndarray]) -> str:
        """Writes a checkpoint of any variables and returns its prefix."""
        prefix = str(self.folder / "model.ckpt")
        with tf.Graph().as_default(), tf.Session() as session:
            saved = {name: tf.Variable(value) for name, value in variables.items()}
            session.run(tf.global_variables_initializer())
            tf.train.Saver(saved).save(session, prefix, write_meta_graph=False, write_state=False)
        return prefix

    def freeze(self, variables: dict[str, np.ndarray]) -> str:
        """Writes a frozen graph, each variable with the node that read it."""
        with tf.Graph().as_default() as graph:
            for name, value in variables.items():
                tf.identity(tf.constant(value, name=name), name=f"{name}/read")
            tf.constant(0.001, name="MobilenetV1/batchnorm/add/y")
        path = self.folder / "frozen_graph.pb"
        path.write_bytes(graph.as_graph_def().SerializeToString())
        return str(path)


class NetworkTests(OracleTestCase):
    def test_the_network_is_the_original(self):
        with Network(0.75, 1001) as network:
            self.assertEqual(len(network.shapes), 137)
            self.assertEqual(sum(map(np.prod, network.shapes.values())), 2_602_745)
            self.assertEqual(network.shapes["MobilenetV1/Conv2d_0/weights"], (3, 3, 3, 24))

    def test_a_run_gives_all_end_points_at_any_size(self):
        for height, width in ((1, 1), (33, 20)):
            values = self.network.run(np.zeros((2, height, width, 3), np.float32))
            self.assertEqual(tuple(values), END_POINTS)
            self.assertEqual(values["global_pool"].shape, (2, 1, 1, 256))
            self.assertEqual(values["Logits"].shape, (2, CLASSES))

    def test_another_session_gives_the_same_bytes(self):
        images = np.random.default_rng(2).random((2, 40, 33, 3), np.float32)
        with Network(0.25, CLASSES) as other:
            other.load(self.parameters)
            first, second = self.network.run(images), other.run(images)
        for end_point in END_POINTS:
            self.assertEqual(first[end_point].tobytes(), second[end_point].tobytes(), end_point)

    def test_float64_agrees_with_float32(self):
        images = np.random.default_rng(3).random((1, 33, 33, 3), np.float32)
        with Network(0.25, CLASSES, np.float64) as double:
            double.load(self.parameters)
            exact = double.run(images)
        single = self.network.run(images)
        for end_point in END_POINTS:
            self.assertEqual(exact[end_point].dtype, np.float64)
            np.testing.assert_allclose(single[end_point], exact[end_point], rtol=1e-4, atol=1e-4)


class CheckpointTests(OracleTestCase):
    def read(self, location: str) -> dict[str, np.ndarray]:
        return read_checkpoint(location, self.network.shapes).parameters

    def test_every_form_gives_the_same_parameters(self):
        prefix, frozen = self.save(self.parameters), self.freeze(self.parameters)
        archive = self.folder / "model.tgz"
        with tarfile.open(archive, "w:gz") as file:
            for path in sorted(self.folder.glob("model.ckpt.*")):
                file.add(path, path.name)
        expected = parameters_sha256(self.parameters)
        for location in (prefix, frozen, str(archive)):
            self.assertEqual(parameters_sha256(self.read(location)), expected, location)

    def test_training_state_is_ignored_and_named(self):
        extra = {
            "global_step": np.int64(1),
            "MobilenetV1/Conv2d_0/weights/ExponentialMovingAverage": np.zeros(3, np.float32),
        }
        checkpoint = read_checkpoint(self.save(self.parameters | extra), self.network.shapes)
        self.assertEqual(checkpoint.ignored, sorted(extra))
        self.assertEqual(set(checkpoint.parameters), set(self.parameters))

    def test_another_networks_variables_are_refused(self):
        name = "MobilenetV1/Conv2d_3_pointwise/BatchNorm/moving_variance"
        missing = {key: value for key, value in self.parameters.items() if key != name}
        wrong = {
            "has no variable": missing,
            "has shape [5]": self.parameters | {name: np.ones(5, np.float32)},
            "not finite": self.parameters | {name: self.parameters[name] * np.float32(np.nan)},
            "negative variance": self.parameters | {name: -self.parameters[name]},
            "not this network's": self.parameters | {"MobilenetV1/new": np.ones(1, np.float32)},
        }
        for message, variables in wrong.items():
            with self.subTest(message), self.assertRaises(BadInput) as caught:
                self.read(self.save(variables))
            self.assertIn(message, str(caught.exception))

    def test_what_is_no_checkpoint_is_refused(self):
        for name in ("text.pb", "text.tgz", "text.index", "text.data-00000-of-00001"):
            (self.folder / name).write_text("not this\n")
        for name in ("text.pb", "text.tgz", "text"):
            with self.subTest(name), self.assertRaises(BadInput):
                self.read(str(self.folder / name))
        for name in ("none.pb", "none.tgz", "none"):
            with self.subTest(name), self.assertRaises(MissingInput):
                self.read(str(self.folder / name))


class GoldenTests(OracleTestCase):
    few = ("coffee", "hot_center")

    def write(
        self,
        name: str,
        earlier: Path | None = None,
        chosen: tuple[str, ...] = few,
        pixels: int = 2500,
        size: int = 32,
    ) -> Path:
        """Writes golden files with a few of the cases."""
        attributes = {"seed": np.int64(1), "host_isa": "another"}
        folder = self.folder / name
        with (
            Network(0.25, CLASSES, np.float64) as double,
            golden.golden_files(folder, attributes, "command", earlier) as writer,
        ):
            double.load(self.parameters)
            if earlier is None:
                writer.write_parameters(self.parameters, ["ä"] * CLASSES)
            else:
                writer.keep("parameters.h5")
            few = [c for c in cases.inference_cases(size, size) if c.name in chosen]
            writer.write_inference(few, self.network, double)
            small = [c for c in cases.sweep_cases() if c.height * c.width <= pixels]
            writer.write_sweep(cases.sweep_base(), small, self.network)
        return folder

    def test_two_runs_give_the_same_files(self):
        first, second = self.write("first"), self.write("second")
        names = sorted(path.name for path in first.iterdir())
        self.assertEqual(names, ["inference.h5", "manifest.json", "parameters.h5", "sweep.h5"])
        for name in names:
            self.assertEqual((first / name).read_bytes(), (second / name).read_bytes(), name)

    def test_cases_are_added_and_the_others_stay_bit_for_bit(self):
        whole = self.write("whole", chosen=(*self.few, "wide"))
        folder = self.write("few", pixels=1000)
        with h5py.File(folder / "inference.h5", "r+") as file:
            # As another machine may have computed it.
            file["cases/coffee/activations/Logits"][...] += 1
        self.write("few", folder, (*self.few, "wide"))
        for name in ("parameters.h5", "inference.h5", "sweep.h5"):
            with h5py.File(whole / name) as expected, h5py.File(folder / name) as found:
                names = []
                expected.visit(names.append)
                for path in names:
                    self.assertIn(path, found)
                    if isinstance(expected[path], h5py.Group):
                        continue
                    value = expected[path][()]
                    if path == "cases/coffee/activations/Logits":
                        value += 1
                    np.testing.assert_array_equal(found[path][()], value, path)
        with h5py.File(folder / "inference.h5") as file:
            self.assertIn("host_isa", file["cases/wide"].attrs)
            self.assertNotIn("host_isa", file["cases/coffee"].attrs)

    def test_a_case_of_other_images_is_not_kept(self):
        folder = self.write("golden")
        before = (folder / "inference.h5").read_bytes()
        with self.assertRaises(BadInput) as caught:
            self.write("golden", folder, size=33)
        self.assertIn("case coffee has other images", str(caught.exception))
        self.assertEqual((folder / "inference.h5").read_bytes(), before)

    def test_the_files_hold_what_was_given(self):
        folder = self.write("golden")
        with h5py.File(folder / "parameters.h5") as file:
            self.assertEqual(file.attrs["format"], "assay-golden")
            self.assertEqual(file["labels"].asstr()[0], "ä")
            for name, value in self.parameters.items():
                np.testing.assert_array_equal(file[name][:], value)
        with h5py.File(folder / "inference.h5") as file:
            case = file["cases/hot_center"]
            self.assertEqual(set(case["activations"]), set(END_POINTS))
            self.assertEqual(case["activations_float64/Logits"].dtype, np.dtype("<f8"))
        manifest = json.loads((folder / "manifest.json").read_text())
        for name, entry in manifest["files"].items():
            data = (folder / name).read_bytes()
            self.assertEqual(entry["sha256"], hashlib.sha256(data).hexdigest())

    def test_a_file_of_an_earlier_export_goes(self):
        folder = self.folder / "golden"
        folder.mkdir()
        for name in ("training.h5", "parameters.h5", "notes.txt"):
            (folder / name).write_text("old")
        self.write("golden")
        self.assertFalse((folder / "training.h5").exists())
        self.assertEqual((folder / "notes.txt").read_text(), "old")
        self.assertNotEqual((folder / "parameters.h5").read_bytes(), b"old")

    def test_a_failure_leaves_what_was_there(self):
        folder = self.folder / "golden"
        folder.mkdir()
        (folder / "training.h5").write_text("old")
        with self.assertRaises(ZeroDivisionError):
            with golden.golden_files(folder, {}, "command") as writer:
                writer.write_parameters(self.parameters, None)
                raise ZeroDivisionError
        self.assertEqual([path.name for path in folder.iterdir()], ["training.h5"])

    def test_a_failure_leaves_nothing(self):
        with self.assertRaises(ZeroDivisionError):
            with golden.golden_files(self.folder / "golden", {}, "command") as writer:
                writer.write_parameters(self.parameters, None)
                raise ZeroDivisionError
        self.assertEqual(list(self.folder.iterdir()), [])


class CasesTests(unittest.TestCase):
    def test_the_sweep_meets_every_padding_parity(self):
        sides = {case.height for case in cases.sweep_cases() if case.height == case.width}
        parities = {
            tuple(-(-side // 2**j) % 2 for j in range(5)) for side in sides & set(range(97, 129))
        }
        self.assertEqual(len(parities), 32)

    def test_some_means_are_over_no_power_of_two_and_some_rows_are_long(self):
        images = [case.images.shape for case in cases.inference_cases(128, 128)]
        positions = {-(-height // 32) * -(-width // 32) for _, height, width, _ in images}
        self.assertTrue(any(n & (n - 1) for n in positions), positions)
        self.assertTrue(any(-(-width // 2) > 64 for _, _, width, _ in images))

    def test_crops_lie_within_the_base(self):
        base = cases.sweep_base()
        for case in cases.sweep_cases():
            images = case.images(base)
            self.assertEqual(images.shape, (len(case.origins), case.height, case.width, 3))


class StandInTests(unittest.TestCase):
    def test_heavy_tails_are_as_heavy_as_asked(self):
        for kurtosis in (1.9, 3, 6, 20):
            values = make_checkpoint.heavy_tailed(
                np.random.default_rng(4), (400_000,), 0.5, kurtosis, np.inf
            )
            self.assertAlmostEqual(values.std(), 0.5, places=6)
            self.assertAlmostEqual((values**4).mean() / 0.5**4 / kurtosis, 1, delta=0.1)


class CommandTests(unittest.TestCase):
    def test_cases_are_added_to_golden_files_only(self):
        script = Path(__file__).with_name("add_cases.py")
        for code, arguments in ((64, []), (66, ["nothing-here"])):
            with self.subTest(code):
                command = [sys.executable, script, *arguments]
                result = subprocess.run(command, capture_output=True, text=True, check=False)
                self.assertEqual(result.returncode, code, result.stderr)
                self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)

    def export(self, *arguments: str) -> subprocess.CompletedProcess:
        script = Path(__file__).with_name("export.py")
        command = [sys.executable, script, "--output", "nowhere", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def test_mistakes_give_one_line_and_their_exit_code(self):
        for code, arguments in (
            (64, ["--checkpoint", "x", "--image-size", "0x5"]),
            (66, ["--checkpoint", "nothing-here"]),
        ):
            with self.subTest(code):
                result = self.export(*arguments)
                self.assertEqual(result.returncode, code, result.stderr)
                self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
                self.assertEqual(result.stdout, "")


if __name__ == "__main__":
    unittest.main()
