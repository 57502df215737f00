import Foundation
import TestSupport
import Testing

/// The example as a program: it learns, as TensorFlow does.
@Suite struct FineTuneTests {
  /// What the program printed.
  private struct Run {
    let losses: [Double]
    let regularization: [Double]
    /// By photo: the class that inference finds afterwards.
    let classes: [String: String]

    init(_ arguments: [String]) throws {
      let tests = Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])
      let program = tests.resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "FineTune").path(percentEncoded: false)
      let result = try Command.run(program, arguments)
      try #require(result.status == 0, "\(result.error)")
      losses = result.output.matches(of: #/step \d+: loss (\S+)/#).compactMap { Double($0.1) }
      regularization = result.output.matches(of: #/ \+ (\S+) of regularization/#)
        .compactMap { Double($0.1) }
      classes = Dictionary(
        result.output.matches(of: #/  (\S+\.jpg): (\w+), /#).map { (String($0.1), String($0.2)) }
      ) { $1 }
    }
  }

  @Test(arguments: [[], ["--engine"]])
  func `losses fall along TensorFlow's curve, and every photo is recognised`(
    arguments: [String]
  ) throws {
    let run = try Run(arguments)
    let exact = try Curve(.float64)
    let budget = CurveBudget(exact, try Curve(.spread))
    #expect(run.losses.count == 18)
    #expect(budget.violations(run.losses, exact).isEmpty, "\(run.losses)")
    #expect(run.regularization.count == exact.regularization.count)
    for (found, expected) in zip(run.regularization, exact.regularization) {
      #expect(abs(found / expected - 1) < 1e-6)
    }
    for stage in [run.losses.prefix(10), run.losses.suffix(8)] {
      #expect(zip(stage, stage.dropFirst()).allSatisfy { $0 > $1 })
    }
    #expect(run.classes.count == 6)
    for (photo, name) in run.classes { #expect(photo.hasPrefix("\(name)/")) }
  }

  /// Float32 TensorFlow, fused batch norm and all, has to pass by the same measure.
  @Test func `TensorFlow's own float32 is within the budget, and does not use it up for nothing`()
    throws
  {
    let exact = try Curve(.float64)
    let budget = CurveBudget(exact, try Curve(.spread))
    #expect(budget.violations(try Curve(.float32).losses, exact).isEmpty)
    // A loss that is one step late is outside of it, at every step.
    let late = exact.head.dropLast() + [0] + exact.crossEntropy.dropLast() + [0]
    let shifted = [0] + late.dropLast()
    #expect(budget.violations(shifted, exact).count == 18)
  }

  @Test func `what cannot be used is refused`() throws {
    let program = try #require(Bundle.main.executableURL ?? URL(string: "none"))
      .resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "FineTune")
      .path(percentEncoded: false)
    for arguments in [["--photos", "nowhere"], ["--parameters", "nowhere"], ["--fast"]] {
      let result = try Command.run(program, arguments)
      #expect(result.status != 0)
      #expect(result.error.contains("Error"))
    }
  }
}
