import Conformance
import Golden
import MobileNet
import Testing

/// The suite's own test passes, and fires when what it tests is broken.
@Suite struct SelfTestTests {
  @Test func `the suite passes its own test`() {
    #expect(SelfTest().failures() == [])
  }

  @Test func `a comparison that overlooks NaN is found out`() {
    var test = SelfTest()
    test.compare = { values, reference, bounds, variance in
      SelfTest().compare(values.map { $0.isNaN ? 1 : $0 }, reference, bounds, variance)
    }
    #expect(test.failures().contains("nan"))
  }

  @Test func `a comparison that skips the last element is found out`() {
    var test = SelfTest()
    test.compare = { values, reference, bounds, variance in
      var values = values
      if values.count > 1 { values[flat: values.count - 1] = Float(reference.scalars.last ?? 0) }
      return SelfTest().compare(values, reference, bounds, variance)
    }
    #expect(test.failures().contains { $0.hasPrefix("a planted error") })
  }

  @Test func `a picture that is not of the errors is found out`() {
    let mistakes: [(inout ErrorDetail) -> Void] = [
      { $0.map?.cells.reverse() }, { $0.map = nil }, { $0.channels.reverse() },
      { $0.worst.removeAll() }, { $0.ratios.first += 1 }, { $0.ulps.zero -= 1 },
    ]
    for (number, change) in mistakes.enumerated() {
      var test = SelfTest()
      nonisolated(unsafe) let change = change
      test.compare = { values, reference, bounds, variance in
        var statistics = SelfTest().compare(values, reference, bounds, variance)
        if var detail = statistics.detail {
          change(&detail)
          statistics.detail = detail
        }
        return statistics
      }
      #expect(test.failures().contains { $0.hasPrefix("the picture of") }, "\(number)")
    }
  }

  @Test func `a bound that is too wide or too tight is found out`() {
    for factor in [0.9, 1.1] {
      var test = SelfTest()
      test.bounds = { layer, evaluation, input in
        SelfTest().bounds(layer, evaluation, input).map { $0 * factor }
      }
      #expect(test.failures() == ["a bound"])
    }
  }

  @Test func `a wrong variance is found out`() {
    var test = SelfTest()
    test.variance = { layer, evaluation, input in
      SelfTest().variance(layer, evaluation, input).map { $0 * 4 }
    }
    #expect(test.failures() == ["a variance"])
  }

  @Test func `nothing is judged by a broken suite`() async throws {
    var test = SelfTest()
    test.bounds = { _, evaluation, _ in evaluation.output.map { _ in 1e9 } }
    let golden = try Fixture()
    let verification = Verification(
      parameters: golden.parameters, subject: NaiveSubject(parameters: golden.parameters),
      selection: .init(cases: "2x2"), selfTest: test)
    await #expect(throws: HarnessError.self) { try await verification.run([golden.sweep]) }
  }
}
