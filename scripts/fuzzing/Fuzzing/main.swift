internal import CFuzzer
internal import Foundation

// Fuzzing, as scripts/fuzz starts it: the environment says which parser, everything else is for libFuzzer.
exit(
    unsafe fuzzer_run(CommandLine.argc, CommandLine.unsafeArgv) { data, size in
        let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: size))
        do { _ = unsafe try FuzzedParser.law.accepts(bytes) } catch { fatalError("\(error)") }
        return 0
    })
