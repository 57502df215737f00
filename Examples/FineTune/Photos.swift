import Assay
import Foundation
import Pictures

/// Photos in folders that say what they show, all of one size.
struct Photos {
  /// Where the example's own are, beside this file.
  static let examples = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Photos").path(percentEncoded: false)

  /// The folders' names, sorted.
  let classes: [String]
  /// `<class>/<file>`, sorted.
  let paths: [String]
  /// `[batch, height, width, 3]`, red, green and blue in [0, 1].
  let images: Tensor<Float>
  /// Place of each photo's class among ``classes``.
  let labels: [Int]

  /// - Throws: What keeps a file from being read, or that there are no photos, or not of one size.
  init(reading folder: String) throws {
    classes = try Self.members(folder).filter { Self.isFolder("\(folder)/\($0)") }
    var paths: [String] = []
    var labels: [Int] = []
    var images: [Tensor<Float>] = []
    for (label, name) in classes.enumerated() {
      for file in try Self.members("\(folder)/\(name)") {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/\(name)/\(file)")))
        images.append(try Picture(decoding: bytes).image)
        paths.append("\(name)/\(file)")
        labels.append(label)
      }
    }
    guard let shape = images.first?.shape, images.allSatisfy({ $0.shape == shape }) else {
      throw PhotosError(description: "\(folder): no photos in folders, or not all of one size")
    }
    self.paths = paths
    self.labels = labels
    self.images = Tensor(
      shape: [images.count] + shape.dropFirst(), scalars: images.flatMap(\.scalars))
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  private static func members(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }
      .sorted()
  }
}

struct PhotosError: Error, CustomStringConvertible {
  let description: String
}
