import Conformance
import Foundation

/// The numbers of a profile, whatever its fields are: two profiles of one name and with other limits
/// are two profiles.
///
/// What a limit was once measured at and where it comes from is commentary, and may be reworded.
enum ProfileLimits {
  private static let commentary: Set<String> = ["measured", "source"]

  static func limits(_ profile: Profile) throws -> [String: Double] {
    let object = try JSONSerialization.jsonObject(with: try JSONCoding.json(profile))
    var result: [String: Double] = [:]
    collect(object, at: [], into: &result)
    return result
  }

  private static func collect(_ value: Any, at path: [String], into result: inout [String: Double])
  {
    if let fields = value as? [String: Any] {
      for (key, field) in fields where !commentary.contains(key) {
        collect(field, at: path + [key], into: &result)
      }
    } else if let number = value as? Double {
      result[path.joined(separator: ".")] = number
    }
  }

  /// The first limit in which two profiles differ, in words; `nil` if they are the same.
  static func difference(_ old: Baseline.Profile, _ new: Baseline.Profile) -> String? {
    if old.name != new.name { return "'\(old.name)', the record's is '\(new.name)'" }
    for key in Set(old.limits.keys).union(new.limits.keys).sorted()
    where old.limits[key] != new.limits[key] {
      return "\(key) is \(Wording.figure(old.limits[key])), the record's is "
        + Wording.figure(new.limits[key])
    }
    return nil
  }
}
