"""Tests of the oracle in training mode, on a small network.

What can be computed from the recorded numbers by other means is: by numpy, by closed forms, and by
central differences.
"""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import h5py
import numpy as np

import cases
import golden
from network import END_POINTS
from projection import PROJECTIONS, SAMPLES, counter_hash, sample_indices, signs, summarize
from test_oracle import CLASSES
from training import IMAGES, KEEP_PROBABILITY, WEIGHT_DECAY, Step, TrainingNetwork

FEATURES = 256
POINTWISE = tuple(f"Conv2d_{i}_pointwise" for i in range(1, 14))
LOGITS = "MobilenetV1/Logits/Conv2d_1c_1x1"
SEED = 1234567


def random_parameters(shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Filters of both signs; gammas, betas and moving averages between 0.1 and 1."""
    random = np.random.default_rng(6)
    return {
        name: (
            random.normal(0, 0.5, shape) if "weights" in name else random.uniform(0.1, 1, shape)
        ).astype(np.float32)
        for name, shape in shapes.items()
    }


def relative(value: np.ndarray, expected: np.ndarray) -> float:
    return float(np.linalg.norm(value - expected) / np.linalg.norm(expected))


class TrainingTestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.single = cls.enterClassContext(TrainingNetwork(0.25, CLASSES, np.float32))
        cls.double = cls.enterClassContext(TrainingNetwork(0.25, CLASSES, np.float64))
        cls.parameters = random_parameters(cls.single.shapes)
        cls.cases = {case.name: case for case in cases.training_cases(FEATURES, CLASSES)}

    def setUp(self):
        self.single.load(self.parameters)
        self.double.load(self.parameters)

    def step(self, network: TrainingNetwork, name: str) -> Step:
        return network.run(self.cases[name].batch, self.cases[name].momentum)

    def exact(self, name: str) -> np.ndarray:
        return self.parameters[name].astype(np.float64)


class StepTests(TrainingTestCase):
    def test_float64_has_float64_throughout(self):
        step = self.step(self.double, "two")
        for values in (step.activations, step.batch_mean, step.losses, step.gradients):
            for name, value in values.items():
                self.assertEqual(value.dtype, np.float64, name)

    def test_pointwise_layers_normalise_with_the_batch(self):
        """Numpy's convolution, mean, biased variance, batch norm and ReLU6."""
        for case in ("two", "odd", "rectangle", "batch"):
            step = self.step(self.double, case)
            for layer in POINTWISE:
                scope = f"MobilenetV1/{layer}"
                inputs = step.activations[layer.replace("pointwise", "depthwise")]
                z = inputs @ self.exact(f"{scope}/weights")[0, 0]
                mean, variance = z.mean((0, 1, 2)), z.var((0, 1, 2))
                with self.subTest(case=case, layer=layer):
                    self.assertLess(relative(step.batch_mean[layer], mean), 1e-12)
                    self.assertLess(relative(step.batch_variance[layer], variance), 1e-12)
                    scale = self.exact(f"{scope}/BatchNorm/gamma") / np.sqrt(variance + 1e-3)
                    y = (z - mean) * scale + self.exact(f"{scope}/BatchNorm/beta")
                    self.assertLess(relative(step.activations[layer], y.clip(0, 6)), 1e-12)

    def test_float32_records_the_biased_variance(self):
        for case in ("two", "batch"):
            single, double = self.step(self.single, case), self.step(self.double, case)
            for layer, variance in double.batch_variance.items():
                np.testing.assert_allclose(
                    single.batch_variance[layer], variance, rtol=1e-2, atol=1e-6, err_msg=layer
                )

    def test_moving_averages_are_unbiased_if_fused_and_biased_if_not(self):
        for case in self.cases.values():
            momentum = case.momentum
            for network, unit in ((self.single, 2.0**-22), (self.double, 2.0**-50)):
                step = network.run(case.batch, momentum)
                for layer, variance in step.batch_variance.items():
                    count = step.activations[layer][..., 0].size
                    fused = count / max(count - 1, 1) if network is self.single else 1
                    for moment, batch in (
                        ("moving_mean", step.batch_mean[layer].astype(np.float64)),
                        ("moving_variance", variance * np.float64(fused)),
                    ):
                        name = f"MobilenetV1/{layer}/BatchNorm/{moment}"
                        before = self.exact(name)
                        expected = momentum * before + (1 - momentum) * batch
                        error = np.abs(step.updated[name] - expected)
                        scale = np.abs(before) + np.abs(batch)
                        self.assertTrue((error <= 4 * unit * scale).all(), (case.name, name))

    def test_the_fused_factor_is_seen(self):
        """At momentum 0 the moving variance is the batch's, times N/(N-1): twice, at N = 2."""
        step = self.single.run(self.cases["two"].batch, 0.0)
        last = "Conv2d_13_pointwise"
        updated = step.updated[f"MobilenetV1/{last}/BatchNorm/moving_variance"]
        # The old value, below 1, is added and taken away again.
        np.testing.assert_allclose(updated, 2 * step.batch_variance[last], rtol=1e-6, atol=1e-7)

    def test_a_run_leaves_no_trace(self):
        first, second = self.step(self.single, "odd"), self.step(self.single, "odd")
        for one, other in ((first.updated, second.updated), (first.gradients, second.gradients)):
            for name in one:
                self.assertEqual(one[name].tobytes(), other[name].tobytes(), name)

    def test_losses_are_what_they_are_called(self):
        step, case = self.step(self.double, "batch"), self.cases["batch"]
        logits = step.activations["Logits"]
        chosen = logits[np.arange(len(logits)), case.batch.labels]
        cross_entropy = (np.log(np.exp(logits).sum(-1)) - chosen).mean()
        kernels = ["MobilenetV1/Conv2d_0", *(f"MobilenetV1/{name}" for name in POINTWISE), LOGITS]
        squares = sum((self.exact(f"{name}/weights") ** 2).sum() for name in kernels)
        regularization = WEIGHT_DECAY * squares / 2
        for name, expected in (
            ("cross_entropy", cross_entropy),
            ("regularization", regularization),
            ("total", cross_entropy + regularization),
        ):
            self.assertAlmostEqual(step.losses[name] / expected, 1, delta=1e-13, msg=name)

    def test_the_mask_that_is_given_is_the_one_applied(self):
        step, case = self.step(self.double, "batch"), self.cases["batch"]
        self.assertTrue(0 < (case.batch.dropout_mask == 0).sum() < case.batch.dropout_mask.size / 2)
        features = step.activations["global_pool"][:, 0, 0] / KEEP_PROBABILITY
        features *= case.batch.dropout_mask
        weights, biases = self.exact(f"{LOGITS}/weights")[0, 0], self.exact(f"{LOGITS}/biases")
        self.assertLess(relative(step.activations["Logits"], features @ weights + biases), 1e-14)

        # The closed form of softmax cross-entropy's gradient, and the weight decay's.
        error = step.activations["Predictions"].copy()
        error[np.arange(len(error)), case.batch.labels] -= 1
        error /= len(error)
        decay = WEIGHT_DECAY * weights
        self.assertLess(relative(step.gradients[f"{LOGITS}/biases"], error.sum(0)), 1e-12)
        expected = features.T @ error + decay
        self.assertLess(relative(step.gradients[f"{LOGITS}/weights"][0, 0], expected), 1e-12)

    def test_gradients_are_the_losss_slopes(self):
        """Central differences along a random direction in each of several variables.

        A value may pass one of ReLU6's kinks between the two points, which changes the slope; so
        the points are near, and the tolerance is far above their rounding.
        """
        case = self.cases["batch"]
        gradients = self.step(self.double, "batch").gradients
        random = np.random.default_rng(7)
        for suffix in (
            "Conv2d_0/weights",
            "Conv2d_2_pointwise/BatchNorm/beta",
            "Conv2d_4_depthwise/depthwise_weights",
            "Conv2d_9_pointwise/weights",
            "Conv2d_12_depthwise/BatchNorm/gamma",
        ):
            name = f"MobilenetV1/{suffix}"
            value = self.exact(name)
            direction = random.standard_normal(value.shape)
            step = 1e-7 / np.linalg.norm(direction)
            losses = []
            for side in (1, -1):
                self.double.load({name: value + side * step * direction})
                losses.append(self.double.run(case.batch, 0.9).losses["total"])
            self.double.load({name: value})
            slope = (losses[0] - losses[1]) / (2 * step)
            expected = (gradients[name] * direction).sum()
            with self.subTest(name):
                self.assertAlmostEqual(slope / expected, 1, delta=1e-4)

    def test_the_images_gradient_is_by_the_modules_input(self):
        """The slope by the images in [0, 1], not by what becomes of them."""
        case = self.cases["batch"]
        gradient = self.step(self.double, "batch").gradients[IMAGES]
        direction = np.random.default_rng(8).standard_normal(gradient.shape)
        losses = []
        for side in (1, -1):
            images = case.batch.images + side * 1e-8 * direction
            batch = cases.Batch(images, case.batch.labels, case.batch.dropout_mask)
            losses.append(self.double.run(batch, 0.9).losses["total"])
        slope = (losses[0] - losses[1]) / 2e-8
        self.assertAlmostEqual(slope / (gradient * direction).sum(), 1, delta=1e-4)

    def test_one_value_stops_the_gradient(self):
        """Where batch norm sees one value per channel its output is beta, whatever came before."""
        gradients = self.step(self.double, "one").gradients
        name = "MobilenetV1/Conv2d_5_depthwise/depthwise_weights"
        self.assertEqual(np.abs(gradients[name]).max(), 0)
        decay = WEIGHT_DECAY * self.exact("MobilenetV1/Conv2d_0/weights")
        self.assertLess(relative(gradients["MobilenetV1/Conv2d_0/weights"], decay), 1e-15)


class DescentTests(TrainingTestCase):
    def test_a_step_goes_down_the_gradient(self):
        case, rate = self.cases["odd"], 2.0**-10
        step = self.double.run(case.batch, 0.9)
        losses = self.double.descend(case.batch, 0.9, rate)
        self.assertEqual(losses, step.losses)
        norms = self.double.norms()
        for name, value in self.parameters.items():
            after = (
                step.updated[name]
                if name in step.updated
                else value.astype(np.float64) - rate * step.gradients[name]
            )
            self.assertAlmostEqual(norms[name] / np.linalg.norm(after), 1, delta=1e-14, msg=name)


class ProjectionTests(unittest.TestCase):
    def test_the_hash_is_splitmix64(self):
        """The published first outputs for this seed; the generator counts from 1."""
        self.assertEqual(
            counter_hash(SEED, 0, 6)[1:].tolist(),
            [
                6457827717110365317,
                3203168211198807973,
                9817491932198370423,
                4593380528125082431,
                16408922859458223821,
            ],
        )

    def test_rows_are_parts_of_one_sequence(self):
        """The same in Python's integers, which do not overflow."""

        def reference(row: int, index: int) -> int:
            modulus = 1 << 64
            z = (SEED + ((row << 40) + index) * 0x9E3779B97F4A7C15) % modulus
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % modulus
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB % modulus
            return z ^ (z >> 31)

        table = signs(SEED, 5000)
        for row, index in ((0, 0), (1, 4999), (31, 17)):
            self.assertEqual(counter_hash(SEED, row, 5000)[index], reference(row, index))
            self.assertEqual(table[row, index], -1 if reference(row, index) >> 63 else 1)
        indices = sample_indices(SEED, 5000)
        self.assertEqual(indices[7], reference(32, 7) % 5000)

    def test_a_summary_is_of_the_gradient(self):
        gradient = np.random.default_rng(9).standard_normal((30, 200)).astype(np.float32)
        summary = summarize(gradient, SEED)
        flat = gradient.astype(np.float64).ravel()
        self.assertEqual(summary["samples"].dtype, np.float32)
        self.assertEqual(summary["samples"].shape, (SAMPLES,))
        np.testing.assert_array_equal(
            summary["samples"], gradient.ravel()[sample_indices(SEED, gradient.size)]
        )
        np.testing.assert_allclose(
            summary["projections"], signs(SEED, flat.size) @ flat, rtol=0, atol=1e-10
        )
        np.testing.assert_allclose(summary["norm"], [np.linalg.norm(flat)], rtol=1e-14)

    def test_projections_measure_a_distance(self):
        """The mean square of the difference's projections is its squared length, to a factor."""
        random = np.random.default_rng(10)
        gradient = random.standard_normal(50_000)
        spread, single = 1e-6 * random.standard_normal(50_000), np.zeros(50_000)
        single[31_415] = 1e-4
        for error in (spread, single):
            parts = [summarize(g, SEED)["projections"] for g in (gradient, gradient + error)]
            estimate = np.sqrt(np.mean((parts[0] - parts[1]) ** 2))
            self.assertTrue(0.6 < estimate / np.linalg.norm(error) < 1.5, estimate)


class FileTests(TrainingTestCase):
    def write(self, folder: Path) -> Path:
        """Writes a training file with two small cases."""
        attributes = {"seed": np.int64(SEED)}
        with golden.golden_files(folder, attributes, "command") as writer:
            few = [self.cases[name] for name in ("one", "two")]
            steps = cases.trajectory(FEATURES, CLASSES)
            writer.write_training(few, steps, self.single, self.double)
        return folder / "training.h5"

    def test_two_runs_give_the_same_file(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        first = self.write(folder / "first")
        self.setUp()
        second = self.write(folder / "second")
        self.assertEqual(first.read_bytes(), second.read_bytes())

    def test_the_file_holds_the_step(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        path = self.write(folder / "golden")
        self.setUp()
        with h5py.File(path) as file:
            self.assertEqual(file.attrs["kind"], "training")
            case = file["cases/two"]
            self.assertEqual(case.attrs["momentum"], self.cases["two"].momentum)
            for suffix, network in (("", self.single), ("_float64", self.double)):
                step = self.step(network, "two")
                kind = np.dtype(network.dtype).newbyteorder("<")
                self.assertEqual(set(case[f"activations{suffix}"]), set(END_POINTS))
                for name, value in step.updated.items():
                    self.assertEqual(case[f"updated{suffix}/{name}"].dtype, kind)
                    np.testing.assert_array_equal(case[f"updated{suffix}/{name}"], value)
                self.assertEqual(case[f"loss{suffix}"].attrs["total"], step.losses["total"])
                large = step.gradients[f"MobilenetV1/{POINTWISE[-1]}/weights"]
                stored = case[f"gradients{suffix}/MobilenetV1/{POINTWISE[-1]}/weights"]
                self.assertEqual(stored["samples"].dtype, kind)
                self.assertEqual(stored["projections"].shape, (PROJECTIONS,))
                np.testing.assert_array_equal(
                    stored["samples"], large.ravel()[sample_indices(SEED, large.size)]
                )

    def test_the_trajectory_is_that_of_the_steps(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        path = self.write(folder / "golden")
        self.setUp()
        steps = cases.trajectory(FEATURES, CLASSES)
        with h5py.File(path) as file:
            group = file["trajectory"]
            rate = group.attrs["learning_rate"]
            self.assertEqual(np.log2(rate) % 1, 0)
            names = set(group["norms_float64/MobilenetV1/Conv2d_0"])
            self.assertEqual(names, {"weights", "BatchNorm"})
            for index, batch in enumerate(steps.batches):
                losses = self.double.descend(batch, steps.momentum, rate)
                self.assertEqual(group["loss_float64"][index].tolist(), list(losses.values()))
                for name, norm in self.double.norms().items():
                    self.assertEqual(group[f"norms_float64/{name}"][index], norm, name)
            np.testing.assert_array_equal(group["images"][4], steps.batches[4].images)
            # It goes down in both types, and they keep together.
            for suffix in ("", "_float64"):
                totals = group[f"loss{suffix}"][:, 2]
                self.assertLess(totals[-1], totals[0])
            np.testing.assert_allclose(group["loss"][:], group["loss_float64"][:], rtol=1e-2)


if __name__ == "__main__":
    unittest.main()
