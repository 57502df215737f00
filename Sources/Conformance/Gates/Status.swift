/// What a check came to. Only ``pass`` and ``waived`` let a run conform.
public enum Status: String, Hashable, Sendable, Codable, CaseIterable {
  /// The check ran and its limit holds.
  case pass = "PASS"
  /// The check ran and its limit does not hold.
  case fail = "FAIL"
  /// The limit does not hold, and someone has signed for it.
  case waived = "WAIVED"
  /// The check ran on data that could not have told right from wrong.
  case mistrusted = "MISTRUSTED"
  /// The check could not run because the subject did not show what it needs.
  case notRun = "NOT_RUN"
  /// The suite itself is at fault.
  case harnessError = "HARNESS_ERROR"

  /// Whether this lets a run conform.
  public var conforms: Bool { self == .pass || self == .waived }

  /// The gravest of several statuses; `nil` of none, because nothing checked is nothing passed.
  public static func gravest(_ statuses: some Sequence<Status>) -> Status? {
    statuses.max { $0.gravity < $1.gravity }
  }

  private var gravity: Int {
    switch self {
    case .pass: 0
    case .waived: 1
    case .notRun: 2
    case .mistrusted: 3
    case .fail: 4
    case .harnessError: 5
    }
  }
}
