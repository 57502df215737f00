import Conformance
import Testing

/// Numbers as reports write them.
@Suite struct FormatTests {
  @Test(arguments: [
    (0.384, "0.384"), (0.00249, "0.00249"), (0.0249, "0.0249"), (-0.0123456, "-0.0123"),
    (1, "1.00"), (12.14, "12.1"), (812.4, "812"), (54_321, "54321"), (812_000, "8.12e+05"),
    (8.124e-7, "8.12e-07"), (1e-12, "1.00e-12"),
  ])
  func threeSignificantDigits(value: Double, text: String) {
    #expect(format(value) == text)
  }

  /// Rounding may move a number past a power of ten.
  @Test(arguments: [
    (0.9999, "1.00"), (9.999, "10.0"), (99.99, "100"), (999.9, "1000"), (99_999, "1.00e+05"),
    (0.099_99, "0.100"), (0.000_999_9, "0.00100"),
  ])
  func carries(value: Double, text: String) {
    #expect(format(value) == text)
  }

  @Test func `a value beyond its limit is never written like it`() {
    #expect(format(1.6034, beside: 1.6) == "1.603")
    #expect(format(1.6, beside: 1.6034) == "1.600")
    #expect(format(812, beside: 1) == "812")
    #expect(format(1, beside: 1) == "1.00")
    #expect(format(.infinity, beside: .infinity) == "infinite")
  }

  @Test func whatIsNoNumber() {
    #expect(format(.infinity) == "infinite")
    #expect(format(.nan) == "nan")
  }
}
