import CHDF5

/// What the elements of a dataset or an attribute are.
package enum ElementType: Hashable, Sendable {
  /// IEEE binary32, in either byte order.
  case float32
  /// IEEE binary64, in either byte order.
  case float64
  /// Two's complement or unsigned, 8 to 64 bits, in either byte order.
  case integer(bits: Int, isSigned: Bool)
  /// Strings of any length.
  case string
  /// Strings in cells of `bytes` bytes.
  case fixedString(bytes: Int)
  /// Anything else; this module does not read it.
  case other(String)

  package var isString: Bool {
    switch self {
    case .string, .fixedString: true
    default: false
    }
  }
}

extension ElementType: CustomStringConvertible {
  package var description: String {
    switch self {
    case .float32: "float32"
    case .float64: "float64"
    case .integer(let bits, let isSigned): "\(isSigned ? "int" : "uint")\(bits)"
    case .string: "string"
    case .fixedString(let bytes): "string of \(bytes) bytes"
    case .other(let name): name
    }
  }
}

extension ElementType {
  /// Reads the type behind a libhdf5 type id, which stays the caller's.
  init(type: hid_t) {
    let bits = H5Tget_size(type) * 8
    switch H5Tget_class(type) {
    case H5T_FLOAT:
      self = Self.float(type) ?? .other("\(bits)-bit float")
    case H5T_INTEGER where [8, 16, 32, 64].contains(bits) && H5Tget_precision(type) == bits:
      self = .integer(bits: bits, isSigned: H5Tget_sign(type) != H5T_SGN_NONE)
    case H5T_INTEGER: self = .other("\(bits)-bit integer")
    case H5T_STRING where H5Tis_variable_str(type) > 0: self = .string
    case H5T_STRING: self = .fixedString(bytes: bits / 8)
    case H5T_TIME: self = .other("time")
    case H5T_BITFIELD: self = .other("bit field")
    case H5T_OPAQUE: self = .other("opaque")
    case H5T_COMPOUND: self = .other("compound")
    case H5T_REFERENCE: self = .other("reference")
    case H5T_ENUM: self = .other("enumeration")
    case H5T_VLEN: self = .other("sequence")
    case H5T_ARRAY: self = .other("array")
    default: self = .other("unknown type")
    }
  }

  private static func float(_ type: hid_t) -> ElementType? {
    func equals(_ other: hid_t) -> Bool { H5Tequal(type, other) > 0 }
    if equals(chdf5_float32_little()) || equals(chdf5_float32_big()) { return .float32 }
    if equals(chdf5_float64_little()) || equals(chdf5_float64_big()) { return .float64 }
    return nil
  }
}

/// A number as Swift and HDF5 both have it. The types that conform here are all there are.
package protocol Scalar: BitwiseCopyable, Sendable {
  /// Its type in a file, and ``memoryType`` in memory.
  static var elementType: ElementType { get }
  /// libhdf5's id of the type in this machine's memory. It belongs to the library, like the next.
  static var memoryType: hid_t { get }
  /// libhdf5's id of the little-endian type that is written.
  static var fileType: hid_t { get }
}

extension Float: Scalar {
  package static var elementType: ElementType { .float32 }
  package static var memoryType: hid_t { chdf5_native_float() }
  package static var fileType: hid_t { chdf5_float32_little() }
}

extension Double: Scalar {
  package static var elementType: ElementType { .float64 }
  package static var memoryType: hid_t { chdf5_native_double() }
  package static var fileType: hid_t { chdf5_float64_little() }
}

extension Scalar where Self: FixedWidthInteger {
  package static var elementType: ElementType { .integer(bits: bitWidth, isSigned: isSigned) }
}

extension Int8: Scalar {
  package static var memoryType: hid_t { chdf5_native_int8() }
  package static var fileType: hid_t { chdf5_int8_little() }
}

extension Int16: Scalar {
  package static var memoryType: hid_t { chdf5_native_int16() }
  package static var fileType: hid_t { chdf5_int16_little() }
}

extension Int32: Scalar {
  package static var memoryType: hid_t { chdf5_native_int32() }
  package static var fileType: hid_t { chdf5_int32_little() }
}

extension Int64: Scalar {
  package static var memoryType: hid_t { chdf5_native_int64() }
  package static var fileType: hid_t { chdf5_int64_little() }
}

extension UInt8: Scalar {
  package static var memoryType: hid_t { chdf5_native_uint8() }
  package static var fileType: hid_t { chdf5_uint8_little() }
}

extension UInt16: Scalar {
  package static var memoryType: hid_t { chdf5_native_uint16() }
  package static var fileType: hid_t { chdf5_uint16_little() }
}

extension UInt32: Scalar {
  package static var memoryType: hid_t { chdf5_native_uint32() }
  package static var fileType: hid_t { chdf5_uint32_little() }
}

extension UInt64: Scalar {
  package static var memoryType: hid_t { chdf5_native_uint64() }
  package static var fileType: hid_t { chdf5_uint64_little() }
}
