/// A sum in twice the precision of float64, so that no cancellation can be mistaken for an error of
/// the evaluation under test (Knuth's exact addition, the low parts added up).
struct ExactSum {
  private(set) var high = 0.0
  private(set) var low = 0.0

  var value: Double { high + low }

  @inline(__always)
  mutating func add(_ term: Double) {
    let sum = high + term
    let shifted = sum - high
    low += (high - (sum - shifted)) + (term - shifted)
    high = sum
  }

  /// Adds a b. Products of float32 numbers are exact in float64; others leave a low part.
  @inline(__always)
  mutating func add(_ a: Double, times b: Double) {
    let product = a * b
    add(product)
    low += (-product).addingProduct(a, b)
  }
}
