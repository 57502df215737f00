import Engine
import MobileNet
import Testing

/// What is computed when: every row once, and only from rows that are there.
@Suite struct ScheduleTests {
  /// A stem and separable blocks of strides 1, 2, 1, for images of `height` rows.
  private func stages(_ height: Int, _ count: Int) -> [RollingSchedule.Stage] {
    var height = height
    return [2, 1, 2, 1, 2].prefix(count).map { stride in
      let stage = RollingSchedule.Stage(
        Convolution(
          kind: .depthwise, kernelSize: 3, stride: stride, inputChannels: 8, outputChannels: 8),
        inputHeight: height)
      height = stage.height
      return stage
    }
  }

  /// Plays the turns with the numbers of rows in the place of their values.
  ///
  /// - Returns: By stage: how often each row was recorded.
  private func play(_ schedule: RollingSchedule, _ stages: [RollingSchedule.Stage]) -> [[Int]] {
    var buffers = schedule.capacities.map { [Int?](repeating: nil, count: $0) }
    var recorded = stages.map { [Int](repeating: 0, count: $0.height) }
    var done = 0..<0
    for turn in schedule.turns {
      if turn.keptFrom > 0 {
        for row in 0..<turn.kept {
          buffers[turn.stage][row] = buffers[turn.stage][row + turn.keptFrom]
        }
      }
      for row in turn.rows {
        if turn.stage > 0 {
          for input in stages[turn.stage].inputRows(row..<row + 1) {
            #expect(buffers[turn.stage - 1][input - turn.inputFirst] == input)
          }
        }
        if turn.stage < stages.count - 1 {
          buffers[turn.stage][row - turn.first] = row
        } else {
          #expect(done.isEmpty || row == done.upperBound)
          done = done.isEmpty ? row..<row + 1 : done.lowerBound..<row + 1
        }
      }
      #expect(turn.recorded.clamped(to: turn.rows) == turn.recorded || turn.recorded.isEmpty)
      for row in turn.recorded { recorded[turn.stage][row] += 1 }
    }
    return recorded
  }

  @Test(arguments: 1...70)
  func segments(height: Int) {
    for count in 2...4 {
      let stages = stages(height, count)
      let rows = stages[count - 1].height
      for segments in 1...min(5, rows) {
        for step in [1, 2, 4, 7] {
          var recorded = stages.map { [Int](repeating: 0, count: $0.height) }
          for segment in 0..<segments {
            let range = segment * rows / segments..<(segment + 1) * rows / segments
            let schedule = RollingSchedule(stages: stages, segment: range, step: step)
            for (stage, times) in play(schedule, stages).enumerated() {
              for row in times.indices { recorded[stage][row] += times[row] }
            }
          }
          #expect(recorded.allSatisfy { $0.allSatisfy { $0 == 1 } })
        }
      }
    }
  }

  @Test(arguments: 1...70)
  func wholeImages(height: Int) {
    let stages = stages(height, 5)
    let schedule = RollingSchedule(stages: Array(stages[..<3]), step: 4, then: Array(stages[3...]))
    let recorded = play(schedule, stages)
    #expect(recorded.allSatisfy { $0.allSatisfy { $0 == 1 } })
    #expect(schedule.capacities.dropFirst(2) == stages.dropFirst(2).map(\.height)[...])
  }

  /// Units cover all pixels in order and keep the limit, and threads get the same number of pixels.
  @Test(arguments: [1, 3, 4, 16, 49, 64, 196, 1000, 4096], [1, 4, 8])
  func pixels(pixels: Int, tile: Int) {
    for (row, limit) in [(1, 1), (1, 4), (7, 32), (14, 64), (15, 64), (125, 250), (200, 256)] {
      for threads in 1...5 {
        let cut = PixelCut(pixels: pixels, row: row, tile: tile, limit: limit, threads: threads)
        let units = (0..<cut.units).map { cut[unit: $0] }
        #expect(units.flatMap { Array($0) } == Array(0..<pixels))
        #expect(units.allSatisfy { !$0.isEmpty && $0.count <= cut.capacity })
        #expect(cut.units % threads == 0 || cut.units == max(pixels / tile, 1))
        guard cut.units % threads == 0 else { continue }
        let share = cut.units / threads
        for (unit, range) in units.enumerated() where (unit + 1) % share == 0 {
          #expect(range.upperBound == (unit + 1) / share * pixels / threads)
        }
      }
    }
  }

  /// Within a thread's share, units end with rows, if rows are short enough.
  @Test func rowsOfPixels() {
    let cut = PixelCut(pixels: 14 * 14, row: 14, tile: 4, limit: 64, threads: 2)
    #expect((0..<cut.units).map { cut[unit: $0].upperBound / 14 } == [3, 7, 10, 14])
    let odd = PixelCut(pixels: 15 * 15, row: 15, tile: 4, limit: 64, threads: 2)
    #expect((0..<odd.units).map { odd[unit: $0].upperBound } == [45, 112, 165, 225])
    let wide = PixelCut(pixels: 2 * 200, row: 200, tile: 4, limit: 256, threads: 1)
    #expect((0..<wide.units).map { wide[unit: $0].upperBound } == [200, 400])
  }
}
