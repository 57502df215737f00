import MobileNet

/// Measures training steps: loss, statistics and all gradients, without descent.
///
/// The images are ``Benchmark``'s noise, image `i` has the label `(123 i + 7) mod classes`, and nothing
/// drops out, so that others can compute the same loss.
package final class TrainingBenchmark {
  package let engine: TrainingEngine
  private let pixels: Tensor<Float>
  /// Of a step with the parameters as they are.
  package let loss: TrainingLoss

  /// - Throws: ``EngineError`` as ``TrainingEngine`` does.
  package init(
    parameters: Parameters, images: [Int], isa: InstructionSet?, threads: Int
  ) throws(EngineError) {
    engine = try TrainingEngine(
      parameters: parameters, images: images, isa: isa, threads: threads)
    pixels = Benchmark.noise(images)
    let classes = parameters.architecture.numClasses
    loss = try engine.step(
      images: pixels, labels: (0..<images[0]).map { (123 * $0 + 7) % classes },
      dropoutMask: nil)
  }

  /// Runs `warmup` steps, then times `runs` steps one by one.
  ///
  /// - Precondition: `runs` is at least 1.
  package func latency(warmup: Int, runs: Int) -> Latency {
    pixels.withUnsafePointer { pixels in
      Latency(warmup: warmup, runs: runs) { _ = engine.step(images: pixels) }
    }
  }
}
