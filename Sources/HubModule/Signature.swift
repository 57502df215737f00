import MobileNet

/// A way to call the hub module: which tensors go in and which come out.
///
/// Source: the module's documentation and the common signatures for images of TensorFlow Hub.
public enum Signature: String, Hashable, Sendable, CaseIterable {
  /// Images to logits, under the name `default`; also all end points by name.
  case `default`
  /// Images to logits.
  case imageClassification = "image_classification"
  /// Images to the feature vector in front of the last layer.
  case imageFeatureVector = "image_feature_vector"

  /// Name of the only input.
  public static let images = "images"
  /// Name of the main output.
  public static let output = "default"
}
