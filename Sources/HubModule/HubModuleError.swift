import MobileNet

/// Why the module cannot be called like that. The description says what is expected.
public enum HubModuleError: Error, Hashable, CustomStringConvertible {
  case unknownSignature(String)
  case missingInput(String, signature: Signature)
  case unknownInput(String, signature: Signature)
  case wrongType(input: String, found: TensorInfo.ElementType)
  case wrongShape(input: String, found: [Int])
  case notFinite(input: String, index: [Int])
  case momentumOutOfRange(Float)
  case unknownEndPoint(EndPoint)
  /// A mask, but no tag ``HubModule/Tag/train``.
  case dropoutInInference
  case wrongMask(found: [Int], expected: [Int])
  case maskValue(index: [Int])
  /// New values for a module whose backend cannot take them.
  case fixedVariables
  /// Gradients, but no tag ``HubModule/Tag/train``, or a backend that has none.
  case noGradients
  /// Gradients for variables that are not ``HubModule/trainable``.
  case notTrainable
  case wrongGradient(found: [Int], expected: [Int])
  case gradientNotFinite(index: [Int])
  /// The backend breaks its promise.
  case notYielded(EndPoint)

  public var description: String {
    switch self {
    case .unknownSignature(let name):
      "there is no signature '\(name)', only "
        + Signature.allCases.map(\.rawValue).joined(separator: ", ")
    case .missingInput(let name, let signature):
      "the signature \(signature.rawValue) needs the input '\(name)', "
        + "\(Self.expected(name))"
    case .unknownInput(let name, let signature):
      "the signature \(signature.rawValue) has no input '\(name)', only "
        + signature.inputs.keys.sorted().joined(separator: ", ")
    case .wrongType(let input, let found):
      "'\(input)' is of type \(found.rawValue), expected \(Self.expected(input))"
    case .wrongShape(let input, let found):
      "'\(input)' has the shape \(found), expected \(Self.expected(input))"
    case .notFinite(let input, let index):
      "'\(input)' is not finite at \(index), expected \(Self.expected(input))"
    case .momentumOutOfRange(let value):
      "'\(Signature.batchNormMomentum)' is \(value), expected a number in [0, 1]"
    case .unknownEndPoint(let endPoint):
      "there is no end point '\(endPoint)', only Conv2d_0 to Conv2d_13_pointwise, global_pool, "
        + "Logits and Predictions"
    case .dropoutInInference:
      "a dropout mask, but a module for inference drops nothing; make it with the tag 'train'"
    case .wrongMask(let found, let expected):
      "the dropout mask has the shape \(found), expected \(expected)"
    case .maskValue(let index):
      "the dropout mask is neither 0 nor 1 at \(index)"
    case .fixedVariables:
      "the backend keeps its variables; make the module anew with other ones"
    case .noGradients:
      "this module has no gradients; make it with the tag 'train', and a backend that has them"
    case .notTrainable:
      "the module's variables are not to be trained; make it with 'trainable: true'"
    case .wrongGradient(let found, let expected):
      "the loss's gradient has the shape \(found), expected the output's, \(expected)"
    case .gradientNotFinite(let index):
      "the loss's gradient is not finite at \(index)"
    case .notYielded(let endPoint):
      "the backend does not yield \(endPoint)"
    }
  }

  /// An input in words.
  private static func expected(_ input: String) -> String {
    input == Signature.images
      ? "float32 [batch, height, width, \(Architecture.imageChannels)] in [0, 1]"
      : "a float32 scalar"
  }
}
