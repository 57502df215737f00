import MobileNet

/// The command that shows one element again, as it is typed into a shell.
package struct ExplainCommandLine: Sendable {
  package var goldens: [String]
  package var caseName: String
  package var endPoint: EndPoint
  package var coordinates: [Int]
  /// Which parameters and which subject, as the program takes them.
  package var arguments: [String]

  package init(
    goldens: [String], caseName: String, endPoint: EndPoint, coordinates: [Int],
    arguments: [String]
  ) {
    self.goldens = goldens
    self.caseName = caseName
    self.endPoint = endPoint
    self.coordinates = coordinates
    self.arguments = arguments
  }

  package var text: String {
    let place = coordinates.map(String.init).joined(separator: ",")
    let words =
      ["assay", "explain", "--case", caseName, "--layer", endPoint.rawValue, "--at", place]
      + arguments + goldens
    return words.map(Self.quoted).joined(separator: " ")
  }

  /// One word for a shell, whatever it holds.
  private static func quoted(_ word: String) -> String {
    let isPlain = word.unicodeScalars.allSatisfy {
      $0.isASCII
        && ($0.properties.isAlphabetic || ("0"..."9").contains($0)
          || "_-+,./:=@%".unicodeScalars.contains($0))
    }
    if isPlain && !word.isEmpty { return word }
    return "'" + word.replacing("'", with: "'\\''") + "'"
  }
}

extension ConformanceRecord {
  /// The command that explains an element of a case.
  ///
  /// - Parameter index: The case's place in ``cases``.
  /// - Returns: `nil` for cases that Assay makes, which no file holds, for descents, which are several
  ///   steps, and for subjects that only the program that judged them can run.
  package func explainCommand(
    case index: Int, endPoint: EndPoint, at coordinates: [Int]
  ) -> String? {
    guard let explainArguments, cases.indices.contains(index), !cases[index].isMade,
      cases[index].name != TrajectoryJudge.caseName || !endPoint.isTrainingPoint
    else { return nil }
    return ExplainCommandLine(
      goldens: [cases[index].golden], caseName: cases[index].name, endPoint: endPoint,
      coordinates: coordinates, arguments: explainArguments
    ).text
  }
}
