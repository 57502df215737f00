import HDF5
import TestSupport
import Testing

/// h5py reads what we write, and we read what h5py writes.
@Suite(.enabled(if: PythonTools.isAvailable, Comment(rawValue: PythonTools.hint)))
struct H5pyTests {
  let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  @Test func pythonReadsOurs() throws {
    let path = folder.path("ours.h5")
    let writer = try FileWriter(creating: path)
    let root = writer.root
    try root.write("g/f4", [1, -2, 0.1, 0, 5, 6] as [Float], shape: [2, 3], storage: .deflated())
    try root.write("g/f8", [1, -2, 0.1, 0, 5, 6] as [Double], shape: [3, 2])
    try root.write("i1", [Int8.min, 127], shape: [2])
    try root.write("i2", [Int16.min, 127], shape: [2])
    try root.write("i4", [Int32.min, 127], shape: [2])
    try root.write("i8", [Int64.min, 127], shape: [2])
    try root.write("u1", [UInt8.max], shape: [1])
    try root.write("u2", [UInt16.max], shape: [1])
    try root.write("u4", [UInt32.max], shape: [1])
    try root.write("u8", [UInt64.max], shape: [])
    try root.write("labels", ["tench", "Größe", ""])
    try root.setAttribute("name", "mobilenet_v1 ü")
    try root.setAttribute("version", Int64(1))
    try root.setAttribute("multiplier", 0.75)
    try root.setAttribute("size", [128, 96] as [Int64])
    try root.setAttribute("origins", [1, 2, 3, 4, 5, 6] as [Int64], shape: [3, 2])
    try root.group("g").setAttribute("names", ["a", "b"])
    try writer.commit()
    try PythonTools.run(
      """
      import sys, h5py, numpy as np
      f = h5py.File(sys.argv[1], 'r')
      def same(name, dtype, values):
          d = f[name]
          assert d.dtype == np.dtype(dtype), (name, d.dtype)
          assert np.array_equal(d[()], np.array(values, dtype)), (name, d[()])
      same('g/f4', '<f4', [[1, -2, 0.1], [0, 5, 6]])
      same('g/f8', '<f8', [[1, -2], [0.1, 0], [5, 6]])
      same('i1', 'i1', [-2**7, 127]); same('i2', '<i2', [-2**15, 127])
      same('i4', '<i4', [-2**31, 127]); same('i8', '<i8', [-2**63, 127])
      same('u1', 'u1', [2**8-1]); same('u2', '<u2', [2**16-1])
      same('u4', '<u4', [2**32-1]); same('u8', '<u8', 2**64-1)
      d = f['g/f4']
      assert d.shuffle and d.compression == 'gzip' and d.chunks == (2, 3), d.chunks
      assert f['g/f8'].chunks is None
      assert list(f['labels'].asstr()) == ['tench', 'Größe', '']
      a = f.attrs
      assert a['name'] == 'mobilenet_v1 ü' and isinstance(a['name'], str)
      assert a['version'] == 1 and a['version'].dtype == np.int64 and a['version'].shape == ()
      assert a['multiplier'] == 0.75
      assert a['size'].tolist() == [128, 96]
      assert a['origins'].tolist() == [[1, 2], [3, 4], [5, 6]]
      assert list(f['g'].attrs['names']) == ['a', 'b']
      """, [path])
  }

  @Test func weReadNumbersOfPython() throws {
    let root = try written(
      """
      for t in ['f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8']:
          for order in '<>':
              f.create_dataset(order + t, data=np.arange(6).reshape(2, 3).astype(order + t))
      f.create_dataset('packed', data=np.arange(10000, dtype='f4').reshape(100, 100),
                       chunks=(7, 30), shuffle=True, compression='gzip', fletcher32=True)
      f.create_dataset('growing', data=np.ones((3, 4)), maxshape=(None, 4), chunks=True)
      """)
    func check<S: Scalar & Equatable>(_ name: String, _ values: [S]) throws {
      for order in "<>" {
        let dataset = try root.dataset("\(order)\(name)")
        #expect(dataset.shape == [2, 3])
        #expect(dataset.elementType == S.elementType)
        #expect(try dataset.read(S.self) == values)
      }
    }
    try check("f4", [0, 1, 2, 3, 4, 5] as [Float])
    try check("f8", [0, 1, 2, 3, 4, 5] as [Double])
    try check("i1", [0, 1, 2, 3, 4, 5] as [Int8])
    try check("i2", [0, 1, 2, 3, 4, 5] as [Int16])
    try check("i4", [0, 1, 2, 3, 4, 5] as [Int32])
    try check("i8", [0, 1, 2, 3, 4, 5] as [Int64])
    try check("u1", [0, 1, 2, 3, 4, 5] as [UInt8])
    try check("u2", [0, 1, 2, 3, 4, 5] as [UInt16])
    try check("u4", [0, 1, 2, 3, 4, 5] as [UInt32])
    try check("u8", [0, 1, 2, 3, 4, 5] as [UInt64])
    #expect(try root.dataset("packed").read(Float.self) == (0..<10000).map(Float.init))
    #expect(try root.dataset("packed").read(Float.self, in: [99..<100, 98..<100]) == [9998, 9999])
    #expect(try root.dataset("growing").read(Double.self) == Array(repeating: 1, count: 12))
  }

  @Test func weReadStringsOfPython() throws {
    let root = try written(
      """
      f.attrs['text'] = 'Größe'
      f.attrs['empty'] = ''
      f.attrs['bytes'] = np.bytes_('fixed')
      f.attrs['list'] = ['a', 'ü', '']
      f.attrs['fixed list'] = np.array([b'a', b'bcd'])
      f.attrs.create('ascii', 'plain', dtype=h5py.string_dtype('ascii'))
      f.create_dataset('variable', data=['x', 'Größe', ''], dtype=h5py.string_dtype())
      f.create_dataset('fixed', data=np.array(['x', 'Größe'.encode()], 'S7'))
      f.create_dataset('utf8 fixed', 
                       data=np.array([b'x', 'Größe'.encode()], h5py.string_dtype('utf-8', 9)))
      f.create_dataset('packed', data=['abc'] * 100, dtype=h5py.string_dtype(), compression='gzip')
      f.create_dataset('scalar', data='one')
      t = h5py.h5t.C_S1.copy(); t.set_size(5); t.set_strpad(h5py.h5t.STR_SPACEPAD)
      d = h5py.h5d.create(f.id, b'spaces', t, h5py.h5s.create_simple((2,)))
      d.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([b'ab   ', b'     '], 'S5'), mtype=t)
      t = h5py.h5t.C_S1.copy(); t.set_size(5); t.set_strpad(h5py.h5t.STR_NULLTERM)
      d = h5py.h5d.create(f.id, b'terminated', t, h5py.h5s.create_simple((1,)))
      d.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([b'ab\\0d'], 'S5'), mtype=t)
      """)
    func attribute(_ name: String) throws -> [String] { try root.attribute(name).readStrings() }
    func dataset(_ name: String) throws -> [String] { try root.dataset(name).readStrings() }
    #expect(try root.attribute("text").readString() == "Größe")
    #expect(try attribute("text") == ["Größe"])
    #expect(try attribute("empty") == [""])
    #expect(try attribute("bytes") == ["fixed"])
    #expect(try attribute("list") == ["a", "ü", ""])
    #expect(try attribute("fixed list") == ["a", "bcd"])
    #expect(try attribute("ascii") == ["plain"])
    #expect(try dataset("variable") == ["x", "Größe", ""])
    #expect(try dataset("fixed") == ["x", "Größe"])
    #expect(try dataset("utf8 fixed") == ["x", "Größe"])
    #expect(try root.dataset("utf8 fixed").elementType == .fixedString(bytes: 9))
    #expect(try dataset("packed") == Array(repeating: "abc", count: 100))
    #expect(try dataset("scalar") == ["one"])
    #expect(try dataset("spaces") == ["ab", ""])
    #expect(try dataset("terminated") == ["ab"])
  }

  @Test func weReadAttributesOfPython() throws {
    let root = try written(
      """
      f.attrs['int'] = 1
      f.attrs['float'] = 0.75
      f.attrs['array'] = np.arange(6, dtype='i8').reshape(3, 2)
      g = f.create_group('dense', track_order=True)
      for i in range(100): g.attrs[f'a{i:03}'] = np.float32(i)
      """)
    #expect(try root.attribute("int").readScalar(Int64.self) == 1)
    #expect(try root.attribute("float").readScalar(Double.self) == 0.75)
    #expect(try root.attribute("array").shape == [3, 2])
    #expect(try root.attribute("array").read(Int64.self) == [0, 1, 2, 3, 4, 5])
    let names = try root.group("dense").attributeNames()
    #expect(names.count == 100 && names == names.sorted())
    #expect(try root.group("dense").attribute("a042").readScalar(Float.self) == 42)
  }

  @Test func whatIsNotReadIsNamed() throws {
    try PythonTools.run(
      "import sys, h5py; h5py.File(sys.argv[1], 'w')['x'] = 1", [folder.path("other.h5")])
    let root = try written(
      """
      f['half'] = np.zeros(3, 'f2')
      f['bool'] = np.zeros(3, bool)
      f['complex'] = np.zeros(3, 'c8')
      f.create_dataset('lzf', data=np.zeros(99), compression='lzf')
      f.create_dataset('twice', data=np.zeros(99, 'f4'), chunks=(9,), compression='gzip')
      f['null'] = h5py.Empty('f4')
      f.attrs['null'] = h5py.Empty('f4')
      f['soft'] = h5py.SoftLink('/half')
      f['dangling'] = h5py.SoftLink('/nowhere')
      f['external'] = h5py.ExternalLink('other.h5', '/x')
      f.create_dataset('outside', (3,), 'f4', external=[('other.h5', 0, h5py.h5f.UNLIMITED)])
      layout = h5py.VirtualLayout((1,), 'i8'); layout[:] = h5py.VirtualSource('other.h5', 'x', (1,))
      f.create_virtual_dataset('virtual', layout)
      f['bytes'] = np.array([b'\\xff\\xfe'])
      f['type'] = np.dtype('f4')
      """)
    func reason(_ body: () throws -> Void) -> HDF5Error.Reason? {
      #expect(throws: HDF5Error.self) { try body() }?.reason
    }
    func type(_ name: String) throws -> String { "\(try root.dataset(name).elementType)" }
    #expect(try type("half") == "16-bit float")
    #expect(try type("bool") == "enumeration")
    #expect(try type("complex") == "compound")
    #expect(
      reason { _ = try root.dataset("half").read(Float.self) }
        == .wrongType(expected: .float32, found: .other("16-bit float")))
    #expect(
      reason { _ = try root.dataset("lzf").read(Double.self) } == .unsupported("filter 32000"))
    #expect(reason { _ = try root.dataset("null") } == .unsupported("an empty dataspace"))
    #expect(reason { _ = try root.attribute("null") } == .unsupported("an empty dataspace"))
    for link in ["soft", "dangling", "external"] {
      #expect(reason { _ = try root.dataset(link) } == .unsupported("a soft or external link"))
    }
    for name in ["outside"] {
      #expect(
        reason { _ = try root.dataset(name).read(Float.self) }
          == .unsupported("data in another file"))
    }
    #expect(
      reason { _ = try root.dataset("virtual").read(Int64.self) }
        == .unsupported("data in another file"))
    #expect(reason { _ = try root.dataset("bytes").readStrings() } == .notUTF8)
    #expect(
      reason { _ = try root.dataset("type") }
        == .wrongKind(expected: "dataset", found: "named type"))
  }

  @Test func absurdShapesAreNotAllocated() throws {
    let root = try written(
      """
      f.create_dataset('sparse', (2**40,), 'f4', chunks=(1024,), compression='gzip')
      f.create_dataset('large', (2**20, 2**20, 2**20), 'f8', chunks=(64, 64, 64))
      f.create_dataset('overflow', (2**31, 2**31, 2**31), 'f8', chunks=(64, 64, 64))
      f.create_dataset('hidden', (0, 2**62, 2**62), 'f4', chunks=(1, 64, 64), maxshape=(None,)*3)
      f.create_dataset('empty', (1000, 1000), 'f4')
      f.create_dataset('strings', (2**33,), h5py.string_dtype(), chunks=(64,))
      """)
    for name in ["sparse", "large", "overflow", "hidden", "empty"] {
      let dataset = try root.dataset(name)
      let error = #expect(throws: HDF5Error.self) {
        if dataset.elementType == .float32 {
          _ = try dataset.read(Float.self)
        } else {
          _ = try dataset.read(Double.self)
        }
      }
      #expect(error?.reason == .tooLarge(shape: dataset.shape))
    }
    let strings = try root.dataset("strings")
    let error = #expect(throws: HDF5Error.self) { try strings.readStrings() }
    #expect(error?.reason == .tooLarge(shape: strings.shape))
    #expect(throws: HDF5Error.self) {
      try root.dataset("sparse").read(Float.self, in: [0..<1 << 39])
    }
  }

  /// h5py writes the format before 1.10, without checksums, unless told otherwise.
  @Test func truncatedFilesOfPython() throws {
    _ = try written(
      """
      f.create_dataset('a/b/x', data=np.random.rand(40, 50), compression='gzip', shuffle=True)
      f.attrs['name'] = 'value'
      f['labels'] = ['a', 'b']
      """)
    let bytes = try FileBytes.read(folder.path("python.h5"))
    let path = folder.path("cut.h5")
    for length in Array(0..<128) + Array(stride(from: 128, to: bytes.count, by: 61)) {
      try FileBytes.write(bytes[..<length], to: path)
      let error = #expect(throws: HDF5Error.self) { try File(reading: path) }
      #expect(error?.reason == .notHDF5 || error?.reason == .damaged, "at \(length)")
    }
  }

  private func written(_ program: String) throws -> Group {
    let path = folder.path("python.h5")
    try PythonTools.run(
      """
      import sys, h5py, numpy as np
      f = h5py.File(sys.argv[1], 'w')
      \(program)
      f.close()
      """, [path])
    return try File(reading: path).root
  }
}
