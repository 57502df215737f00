/// What a package needs to judge its own engine: `import Assay`.
///
/// The built-in engine is not part of it. It is a subject like any other, and its kernels need
/// compiler flags that SwiftPM does not accept from a dependency.
@_exported import Conformance
@_exported import Golden
@_exported import HubModule
@_exported import MobileNet
@_exported import Reference
@_exported import Report
