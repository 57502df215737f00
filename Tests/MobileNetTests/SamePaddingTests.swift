import MobileNet
import Testing

@Suite struct SamePaddingTests {
  @Test(arguments: [
    (1, 1, 1, 1), (2, 1, 0, 1), (3, 2, 1, 1), (4, 2, 0, 1), (127, 64, 1, 1), (128, 64, 0, 1),
  ])
  func `stride 2: the surplus zero comes after`(
    input: Int, output: Int, before: Int, after: Int
  ) {
    let padding = SamePadding(inputSize: input, kernelSize: 3, stride: 2)
    #expect(padding.outputSize == output)
    #expect(padding.before == before)
    #expect(padding.after == after)
  }

  @Test func `stride 1 pads by one on both sides`() {
    for size in 1...40 {
      let padding = SamePadding(inputSize: size, kernelSize: 3, stride: 1)
      #expect(padding.outputSize == size && padding.before == 1 && padding.after == 1)
    }
  }

  @Test func `a pointwise kernel is never padded`() {
    let padding = SamePadding(inputSize: 5, kernelSize: 1, stride: 1)
    #expect(padding.before == 0 && padding.after == 0)
  }

  /// The five stride-2 layers see ⌈n/2^j⌉ rows; 97…128 meet each of the 32 patterns of even and odd
  /// exactly once.
  @Test func `32 sizes meet all 32 parities`() throws {
    let layers = try Architecture().layers
    var patterns: Set<[Bool]> = []
    for size in 97...128 {
      var shape = [1, size, size, 3]
      var pattern: [Bool] = []
      for layer in layers {
        if let convolution = layer.convolution, convolution.stride == 2 {
          pattern.append(convolution.padding(inputSize: shape[1]).before == 0)
        }
        shape = layer.outputShape(input: shape)
      }
      #expect(pattern.count == 5)
      patterns.insert(pattern)
    }
    #expect(patterns.count == 32)
  }
}
