import MobileNet

/// Which rows of which of the first layers are computed when, so that a row is used soon after it
/// was computed and then overwritten.
///
/// The last stage's rows come a few at a time; before each few, every earlier stage computes the rows
/// that are missing for them. A stage's buffer holds only the rows that are still to be read.
package struct RollingSchedule {
  /// Rows of one stage, computed in one go.
  package struct Turn {
    package let stage: Int
    package let rows: Range<Int>
    /// The row at the start of the stage's buffer from this turn on.
    package let first: Int
    /// Rows in the buffer that are still needed: they move to its start.
    package let kept: Int
    /// Where they are before, in rows from the buffer's start.
    package let keptFrom: Int
    /// The row at the start of the buffer that this turn reads; 0 for the first stage.
    package let inputFirst: Int
    /// Rows that a recording takes from this segment; the others are computed by the next one too.
    package let recorded: Range<Int>

    /// The same with all of the stage's rows in its buffer.
    var inWholeBuffer: Turn {
      Turn(
        stage: stage, rows: rows, first: 0, kept: 0, keptFrom: 0, inputFirst: inputFirst,
        recorded: recorded)
    }
  }

  /// How rows of one stage follow from rows of the stage before.
  package struct Stage {
    /// Rows of the stage before; of the images for the first stage.
    package let inputHeight: Int
    package let padding: SamePadding
    package let convolution: Convolution

    package init(_ convolution: Convolution, inputHeight: Int) {
      self.inputHeight = inputHeight
      self.convolution = convolution
      padding = convolution.padding(inputSize: inputHeight)
    }

    package var height: Int { padding.outputSize }

    /// Rows of the input that so many rows read at most.
    package func inputRowsLimit(_ rows: Int) -> Int {
      min((rows - 1) * convolution.stride + convolution.kernelSize, inputHeight)
    }

    /// The first row that `row` and all rows behind it read; the end of the input behind the last.
    package func inputStart(_ row: Int) -> Int {
      row < height ? max(row * convolution.stride - padding.before, 0) : inputHeight
    }

    /// Rows of the input that `rows` read, without padding.
    package func inputRows(_ rows: Range<Int>) -> Range<Int> {
      let last = (rows.upperBound - 1) * convolution.stride - padding.before
      return inputStart(rows.lowerBound)..<min(last + convolution.kernelSize, inputHeight)
    }
  }

  package let turns: [Turn]
  /// Rows of the last stage that are computed in all.
  package let rows: Range<Int>
  /// Rows that each stage's buffer has to hold.
  package let capacities: [Int]

  /// - Parameters:
  ///   - stages: At least two.
  ///   - segment: Rows of the last stage.
  ///   - step: Rows of the last stage that are computed in one go.
  package init(stages: [Stage], segment: Range<Int>, step: Int) {
    let last = stages.count - 1
    let recorded = Self.recorded(stages, segment)
    var turns: [Turn] = []
    var held = [Range<Int>](repeating: 0..<0, count: stages.count)
    var capacities = [Int](repeating: 0, count: stages.count)
    for first in stride(from: segment.lowerBound, to: segment.upperBound, by: step) {
      var needed = held
      needed[last] = first..<min(first + step, segment.upperBound)
      for stage in (1...last).reversed() {
        needed[stage - 1] = stages[stage].inputRows(needed[stage])
      }
      for stage in 0...last {
        let kept = stage < last ? needed[stage].clamped(to: held[stage]) : 0..<0
        let rows =
          (kept.isEmpty ? needed[stage].lowerBound : kept.upperBound)..<needed[stage].upperBound
        turns.append(
          Turn(
            stage: stage, rows: rows, first: needed[stage].lowerBound, kept: kept.count,
            keptFrom: kept.isEmpty ? 0 : kept.lowerBound - held[stage].lowerBound,
            inputFirst: stage > 0 ? needed[stage - 1].lowerBound : 0,
            recorded: rows.clamped(to: recorded[stage])))
        capacities[stage] = max(capacities[stage], needed[stage].count)
      }
      held = needed
    }
    self.turns = turns
    rows = segment
    self.capacities = capacities
  }

  /// The same for a whole image, and all rows of some more stages behind it.
  package init(stages: [Stage], step: Int, then whole: [Stage]) {
    let first = RollingSchedule(
      stages: stages, segment: 0..<stages[stages.count - 1].height, step: step)
    let last = stages.count - 1
    var turns = first.turns.map { $0.stage == last ? $0.inWholeBuffer : $0 }
    for (index, stage) in whole.enumerated() {
      turns.append(
        Turn(
          stage: stages.count + index, rows: 0..<stage.height, first: 0, kept: 0, keptFrom: 0,
          inputFirst: 0, recorded: 0..<stage.height))
    }
    self.turns = turns
    rows = 0..<(whole.last ?? stages[last]).height
    capacities = first.capacities.dropLast() + ([stages[last]] + whole).map(\.height)
  }

  /// By stage: the rows from where this segment starts to where the next one does.
  private static func recorded(_ stages: [Stage], _ segment: Range<Int>) -> [Range<Int>] {
    var ranges = [segment]
    for stage in stages.dropFirst().reversed() {
      let rows = ranges[0]
      ranges.insert(
        stage.inputStart(rows.lowerBound)..<stage.inputStart(rows.upperBound), at: 0)
    }
    return ranges
  }
}
