internal import CProcessor
internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Parallel
internal import Shards

/// Looks at the machine, and at what of it this process may have.
struct MachineExamination {
    private let system: SystemFiles
    private let group: ControlGroup

    init(_ system: SystemFiles) {
        self.system = system
        group = ControlGroup(system)
    }

    var findings: [Finding] {
        [processor, cores, memory] + limits + [sharedMemory, libraries]
    }

    private var processor: Finding {
        let name = Machine.current().processor
        if processor_level() == 3 {
            return .fine(.processor, "\(name), with AVX2, FMA and BMI2, which this build uses")
        }
        let flags = Set(system.value("flags", in: "/proc/cpuinfo")?.split(separator: " ") ?? [])
        guard flags.isSuperset(of: ["avx2", "fma", "bmi2"]) else {
            return .fine(.processor, name)
        }
        return .note(
            .processor, "\(name) has AVX2, FMA and BMI2, which this build does not use",
            "a build by scripts/build on this machine is faster, with the same results")
    }

    private var cores: Finding {
        let cores = Cores(system)
        var words = "\(cores.all)"
        if cores.allowed < cores.all {
            words = "\(cores.allowed) of \(cores.all) that this process may run on (affinity)"
        }
        if let quota = cores.quota, quota < Double(cores.allowed) {
            words += ", of which the control group leaves the time of \(Words.digits(quota))"
        }
        guard cores.usable < cores.all else { return .fine(.cores, words) }
        return .fine(.cores, "\(words); threads unless --threads is given: \(cores.usable)")
    }

    private var memory: Finding {
        let kilobytes = system.value("MemAvailable", in: "/proc/meminfo").flatMap {
            SystemFiles.number($0)
        }
        guard let free = [kilobytes.map { $0 << 10 }, group.memory].compactMap(\.self).min() else {
            return .fine(.memory, "how much is free is not known here")
        }
        let isGroup = free == group.memory
        let words = "\(Words.bytes(free)) free" + (isGroup ? " in the control group" : "")
        if free < 200_000_000 {
            return .wrong(
                .memory, words,
                "a run on 512 × 512 sites takes 100 MB: end other programs"
                    + (isGroup ? ", or raise the control group's limit" : ""))
        }
        if free < 1_000_000_000 {
            return .note(
                .memory, words,
                "enough for datasets; training and large lattices may take more than 1 GB")
        }
        return .fine(.memory, words)
    }

    private var limits: [Finding] {
        var found: [Finding] = []
        let files = system.limit("Max open files")
        if let files, files < 256 {
            found.append(
                (files < 64 ? Finding.wrong : Finding.note)(
                    .limits, "\(files) open files at most",
                    "readers of many shards and loaders need more: ulimit -n 1024"))
        }
        if let bytes = system.limit("Max file size"), bytes < 1 << 30 {
            found.append(
                .note(
                    .limits, "files have \(Words.bytes(bytes)) at most",
                    "ulimit -f unlimited, or smaller shards: pack.samples_per_shard"))
        }
        if let bytes = system.limit("Max address space"), bytes < 4 << 30 {
            found.append(
                .note(
                    .limits, "\(Words.bytes(bytes)) of addresses at most",
                    "files that are mapped and stacks of threads count too: ulimit -v unlimited"))
        }
        if let threads = group.threads, threads < 2 * Cores(system).allowed + 8 {
            found.append(
                .note(
                    .limits, "\(threads) more threads or processes at most, by the control group",
                    "raise its pids.max, or pass --threads 1"))
        }
        guard found.isEmpty else { return found }
        return [.fine(.limits, files.map { "\($0) open files" } ?? "none are known here")]
    }

    private var sharedMemory: Finding {
        guard let free = DiskSpace.free(at: "/dev/shm"), InputFile.isFolder("/dev/shm") == true
        else { return .fine(.sharedMemory, "there is no /dev/shm, and nothing here needs it") }
        let words = "/dev/shm has \(Words.bytes(free)) free"
        guard free < 256_000_000 else { return .fine(.sharedMemory, words) }
        return .note(
            .sharedMemory, words,
            "PyTorch's loaders with workers pass batches through it: podman run --shm-size=1g, or "
                + "mount it anew")
    }

    private var libraries: Finding {
        let versions = Libraries.versions
        let words = versions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let built = Libraries.builtWith
        let others = built.filter { versions[$0.key] != $0.value }.sorted { $0.key < $1.key }
        guard !others.isEmpty else {
            return .fine(.libraries, words.joined(separator: ", "))
        }
        let wanted = others.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        return .note(
            .libraries, "\(words.joined(separator: ", ")); it was built with \(wanted)",
            "other versions as a rule work; if not, build it anew with scripts/build")
    }
}
