import Conformance
import MobileNet

/// Shows end points that were computed before, and runs nothing, as a recording does.
struct ShownSubject: Subject {
  var shown: [EndPoint: Tensor<Float>]
  var isRecording = true
  var identity: SubjectIdentity { SubjectIdentity(name: "shown", description: "end points") }

  func endPoints(images: Tensor<Float>) -> [EndPoint: Tensor<Float>] { shown }
  func output(layer index: Int, input: Tensor<Float>) -> Tensor<Float>? { nil }
}

extension ShownSubject {
  /// The plain float32 loops, each layer on what the one before it yields, with changes on the way.
  ///
  /// - Parameter change: What becomes of an end point before the next layer reads it.
  init(
    _ fixture: Fixture, images: Tensor<Float>,
    change: (_ name: String, _ value: Tensor<Float>) -> Tensor<Float>
  ) {
    let network = NaiveSubject(parameters: fixture.parameters)
    var (shown, input) = ([EndPoint: Tensor<Float>](), images)
    for (index, endPoint) in fixture.parameters.architecture.endPoints.enumerated() {
      guard let value = network.output(layer: index, input: input) else { break }
      input = change(endPoint.rawValue, value)
      shown[endPoint] = input
    }
    self.init(shown: shown)
  }
}

extension Tensor where Scalar == Float {
  /// The first rows and columns.
  func cropped(rows: Int, columns: Int) -> Tensor {
    let (batch, depth) = (shape[0], shape[3])
    var scalars: [Float] = []
    for n in 0..<batch {
      for y in 0..<rows {
        for x in 0..<columns {
          for c in 0..<depth { scalars.append(self[n, y, x, c]) }
        }
      }
    }
    return Tensor(shape: [batch, rows, columns, depth], scalars: scalars)
  }

  /// From NHWC to NCHW.
  var channelsFirst: Tensor {
    var scalars: [Float] = []
    for n in 0..<shape[0] {
      for c in 0..<shape[3] {
        for y in 0..<shape[1] {
          for x in 0..<shape[2] { scalars.append(self[n, y, x, c]) }
        }
      }
    }
    return Tensor(shape: [shape[0], shape[3], shape[1], shape[2]], scalars: scalars)
  }

  /// The same with one element changed.
  func with(_ value: Float, at index: Int) -> Tensor {
    var result = self
    result[flat: index] = value
    return result
  }
}
