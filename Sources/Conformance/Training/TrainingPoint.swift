import MobileNet

/// What a step of training yields, by names that extend those of the end points:
/// `Conv2d_0/batch_mean`, `Conv2d_0/output`, `loss/total`, `Conv2d_3_pointwise/gradient` (by the end
/// point), `Conv2d_3_pointwise/weights/gradient` (by the variable), `images/gradient`,
/// `Conv2d_0/BatchNorm/moving_mean/updated`.
extension EndPoint {
  /// Mean over batch, height and width of a convolution's dot products, `[channels]`.
  package var batchMean: EndPoint { EndPoint("\(rawValue)/batch_mean") }
  /// Their biased variance, `[channels]`.
  package var batchVariance: EndPoint { EndPoint("\(rawValue)/batch_variance") }
  /// The end point as training computes it, with the batch's own statistics.
  package var output: EndPoint { EndPoint("\(rawValue)/output") }
  /// Gradient of the total loss by the end point, of its shape.
  package var gradient: EndPoint { EndPoint("\(rawValue)/gradient") }

  /// Whether this is a point of a step of training: all their names have a slash.
  var isTrainingPoint: Bool { rawValue.contains("/") }
  /// Whether this is an end point as training computes it.
  var isOutput: Bool { rawValue.hasSuffix("/output") }
  /// Whether this is a moving average after a step.
  var isAverage: Bool { rawValue.hasSuffix("/updated") }

  /// Mean over the batch of the softmax cross-entropy, `[1]`.
  package static let crossEntropy = EndPoint("loss/cross_entropy")
  /// Weight decay, `[1]`.
  package static let regularization = EndPoint("loss/regularization")
  /// Their sum, `[1]`.
  package static let totalLoss = EndPoint("loss/total")
  /// Gradient of the total loss by the images in [0, 1].
  package static let imagesGradient = EndPoint("images/gradient")

  /// Gradient of the total loss by a variable.
  package static func gradient(of variable: String) -> EndPoint {
    EndPoint("\(short(variable))/gradient")
  }

  /// A moving average after the step.
  package static func updated(_ variable: String) -> EndPoint {
    EndPoint("\(short(variable))/updated")
  }

  /// A variable after steps of descent.
  package static func descended(_ variable: String) -> EndPoint {
    EndPoint("\(short(variable))/descended")
  }

  private static func short(_ variable: String) -> String {
    let scope = "\(Architecture.variableScope)/"
    return variable.hasPrefix(scope) ? String(variable.dropFirst(scope.count)) : variable
  }
}

extension Architecture {
  /// Everything that a step of training yields, in order of computation: forwards, the loss,
  /// backwards, the moving averages.
  package var trainingPoints: [EndPoint] {
    let forward = layers.flatMap { statistics(of: $0) + [$0.endPoint.output] }
    let backward = layers.dropLast().reversed().flatMap { layer in
      [layer.endPoint.gradient]
        + layer.variables.filter(\.isTrainable).reversed().map { .gradient(of: $0.name) }
    }
    let averages = variables.filter { !$0.isTrainable }.map { EndPoint.updated($0.name) }
    return forward + [.crossEntropy, .regularization, .totalLoss] + backward + [.imagesGradient]
      + averages
  }
  /// What a layer's operations make in a step: of a gradient by an end point it is the layer after
  /// that.
  func points(madeBy index: Int) -> [EndPoint] {
    let layer = layers[index]
    let variables = layer.variables.map {
      $0.isTrainable ? EndPoint.gradient(of: $0.name) : .updated($0.name)
    }
    let loss = layer.endPoint == .predictions ? [EndPoint.crossEntropy] : []
    let gradient = endPoint(before: index).gradient
    return statistics(of: layer) + [layer.endPoint.output] + variables + [gradient] + loss
  }

  /// The layer whose operations make a point; `nil` for what is made of several layers.
  func maker(of point: EndPoint) -> Int? {
    layers.indices.first { points(madeBy: $0).contains(point) }
  }

  /// All that a layer's points are made of, beside its variables.
  func operands(of index: Int) -> [EndPoint] {
    let layer = layers[index]
    let input = index == 0 ? [] : [layers[index - 1].endPoint.output]
    return input + statistics(of: layer) + [layer.endPoint.output, layer.endPoint.gradient]
  }

  /// All that a point may be made of, beside variables.
  func operands(of point: EndPoint) -> [EndPoint] {
    maker(of: point).map(operands) ?? [.crossEntropy, .regularization]
  }

  /// What a layer reads, by the name that its gradient goes by.
  func endPoint(before index: Int) -> EndPoint {
    index == 0 ? EndPoint("images") : layers[index - 1].endPoint
  }

  private func statistics(of layer: Layer) -> [EndPoint] {
    layer.convolution == nil ? [] : [layer.endPoint.batchMean, layer.endPoint.batchVariance]
  }
}
