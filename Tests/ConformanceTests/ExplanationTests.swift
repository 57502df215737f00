import Conformance
import Golden
import MobileNet
import Reference
import Testing

/// An explanation adds up.
@Suite struct ExplanationTests {
  @Test(arguments: [
    "Conv2d_0", "Conv2d_4_depthwise", "Conv2d_4_pointwise", "global_pool", "Logits",
  ])
  func `terms, errors and origin add up`(name: String) throws {
    let fixture = try Fixture()
    let golden = try fixture.sweep.readCase("17x40")
    let explainer = Explainer(
      parameters: fixture.parameters, subject: NaiveSubject(parameters: fixture.parameters))
    let explanation = try explainer.explain(golden, endPoint: EndPoint(name))
    let isolated = explanation.isolated
    let (error, bound) = (try #require(isolated.error), try #require(isolated.bound))
    #expect(abs(error) <= bound)
    let sum = explanation.sum.sum
    switch name {
    case "global_pool":
      #expect(abs(sum / Double(explanation.sum.terms.count) - isolated.reference) < 1e-12)
    case "Logits":
      let bias = Double(fixture.parameters.logits.biases[explanation.coordinates[1]])
      #expect(abs(sum + bias - isolated.reference) < 1e-12)
    default:
      let norm = try #require(explanation.norm)
      let y = (sum - norm.mean) * norm.scale + norm.offset
      #expect(abs(y - norm.preActivation) < 1e-12)
      #expect(isolated.reference == min(max(norm.preActivation, 0), 6))
    }
    let inherited = try #require(explanation.inherited)
    let introduced = try #require(explanation.accumulated.error) - inherited
    // The chain's layer is as good as the layer alone, on nearly the same input.
    #expect(abs(introduced) <= 1.1 * bound)
  }

  @Test func `the corner reads padding, and the field is what changes it`() throws {
    let fixture = try Fixture()
    let golden = try fixture.sweep.readCase("17x40")
    let explainer = Explainer(
      parameters: fixture.parameters, subject: NaiveSubject(parameters: fixture.parameters))
    let explanation = try explainer.explain(
      golden, endPoint: EndPoint("Conv2d_1_depthwise"), at: [0, 0, 0, 3])
    #expect(explanation.sum.terms.count == 4 && explanation.sum.paddingTaps.count == 5)
    // Rows -1…1 of Conv2d_0; 17 is odd and padded on both sides, so row 1 reads pixels 1…3. 40 is
    // even and padded after, so column 1 reads pixels 2…4.
    #expect(explanation.receptiveField.rows == 0...3)
    #expect(explanation.receptiveField.columns == 0...4)
    #expect(
      explanation.receptiveField.paddedLayers
        == [EndPoint("Conv2d_0"), EndPoint("Conv2d_1_depthwise")])
  }

  @Test(arguments: [[0, 0, 0, 99], [1, 0, 0, 0], [0, 0], [-1, 0, 0, 0]])
  func `an element that does not exist is refused`(place: [Int]) throws {
    let fixture = try Fixture()
    let explainer = Explainer(
      parameters: fixture.parameters, subject: NaiveSubject(parameters: fixture.parameters))
    #expect(throws: VerificationError.self) {
      try explainer.explain(
        try fixture.sweep.readCase("2x2"), endPoint: EndPoint("Conv2d_0"), at: place)
    }
  }

  @Test func `conditioning is measured when it is asked for`() async throws {
    let fixture = try Fixture()
    let subject = NaiveSubject(parameters: fixture.parameters)
    let with = try await fixture.verify(subject, conditioning: true)
    #expect(with.cases[0].endPoints.allSatisfy { ($0.conditioning ?? 0) > 0 })
    let without = try await fixture.verify(subject)
    #expect(without.cases[0].endPoints.allSatisfy { $0.conditioning == nil })
  }
}
