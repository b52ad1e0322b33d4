#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The number in an environment variable, for searches that may take longer than tests.
func searchSetting(_ name: String) -> Int? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe Int(String(cString: value))
}
