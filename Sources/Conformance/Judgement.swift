import MobileNet

/// What cases come to once their gates have spoken: what is mistrusted, what is waived, and what goes
/// wrong first.
struct Judgement {
  let cases: [CaseRecord]
  /// What became of every waiver.
  let waivers: [WaiverRecord]
  let divergence: FirstDivergence?

  /// - Parameters:
  ///   - restricted: Whether only a selection was judged.
  ///   - day: Today, by which waivers expire.
  ///   - order: All end points in order of computation.
  init(
    of cases: [CaseRecord], profile: Profile, waivers: [Waiver], restricted: Bool,
    on day: String = Waiver.today(), order: [EndPoint]
  ) {
    let trusted = Mistrust.apply(to: cases, limit: profile.zeroFraction)
    let waived = Waivers.apply(waivers, to: trusted, on: day, restricted: restricted)
    self.cases = waived.cases
    self.waivers = waived.records
    divergence = FirstDivergence(cases: waived.cases, order: order)
  }
}
