import HDF5
import MobileNet
import TestSupport

import Pictures

/// The pictures that `Scripts/oracle/make_pictures` made, with what TensorFlow decodes from them.
enum TensorFlowPictures {
  static let names: [String] = (try? root().members()) ?? []

  /// Those of them that are resized.
  static let resized: [(name: String, size: String)] = names.flatMap { name in
    let members = (try? root().group(name).members()) ?? []
    return members.compactMap { member in
      member.hasPrefix("resized_") ? (name, String(member.dropFirst("resized_".count))) : nil
    }
  }

  /// A file's bytes.
  static func file(_ name: String) throws -> [UInt8] {
    try root().dataset("\(name)/file").read(UInt8.self)
  }

  /// The pixels that TensorFlow decodes from the file.
  static func pixels(_ name: String) throws -> Picture {
    let dataset = try root().dataset("\(name)/pixels")
    return Picture(
      width: dataset.shape[1], height: dataset.shape[0], pixels: try dataset.read(UInt8.self))
  }

  /// What TensorFlow makes of the pixels in another size, in [0, 1].
  static func image(_ name: String, size: String) throws -> Tensor<Float> {
    let dataset = try root().dataset("\(name)/resized_\(size)")
    return Tensor(shape: [1] + dataset.shape, scalars: try dataset.read(Float.self))
  }

  private static func root() throws -> Group {
    try File(reading: Repository.path("Tests/PicturesTests/pictures.h5")).root
  }
}
