import MobileNet
import RealModule

/// Stochastic gradient descent, plain or with momentum.
///
///     v ← momentum · v + g
///     w ← w - learningRate · v
///
/// v starts at 0; with a momentum of 0 it is the gradient. TensorFlow's `GradientDescentOptimizer`
/// and `MomentumOptimizer` (without `use_nesterov`).
public struct SGD<Scalar: Real & BinaryFloatingPoint & Sendable>: Sendable {
  public let learningRate: Double
  public let momentum: Double
  /// v of every variable that was updated before, by name.
  public private(set) var velocities: [String: Tensor<Scalar>] = [:]

  public init(learningRate: Double, momentum: Double = 0) {
    self.learningRate = learningRate
    self.momentum = momentum
  }

  /// Takes the next step for one variable.
  ///
  /// - Parameters:
  ///   - variable: w.
  ///   - name: By which its velocity is remembered.
  ///   - gradient: g, of the same shape.
  @specialized(where Scalar == Double)
  @specialized(where Scalar == Float)
  public mutating func update(
    _ variable: inout Tensor<Scalar>, named name: String, gradient: Tensor<Scalar>
  ) {
    precondition(variable.shape == gradient.shape)
    var velocity = velocities[name] ?? Tensor(repeating: 0, shape: gradient.shape)
    let (rate, momentum) = (Scalar(learningRate), Scalar(momentum))
    for index in 0..<gradient.count {
      velocity[flat: index] = momentum * velocity[flat: index] + gradient[flat: index]
      variable[flat: index] -= rate * velocity[flat: index]
    }
    velocities[name] = velocity
  }
}
