import Foundation
import Testing

import Diagnosis

/// Files of a kernel, in a folder that goes with it.
private final class Kernel {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    var files: SystemFiles { SystemFiles(root: folder.path) }

    init(_ files: [String: String]) throws {
        for (path, text) in files {
            let place = folder.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: place)
        }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }
}

/// The least of a group and of those above it counts, of either version.
@Test(arguments: [
    [
        "proc/self/cgroup": "0::/a/b\n",
        "sys/fs/cgroup/a/cpu.max": "150000 100000\n", "sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
        "sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/memory.max": "1000000\n",
        "sys/fs/cgroup/a/memory.current": "700000\n",
        "sys/fs/cgroup/a/memory.stat": "anon 5\ninactive_file 200000\n",
        "sys/fs/cgroup/pids.max": "50\n", "sys/fs/cgroup/pids.current": "20\n",
        "sys/fs/cgroup/a/b/pids.max": "40\n", "sys/fs/cgroup/a/b/pids.current": "15\n",
    ],
    [
        "proc/self/cgroup": "3:cpu,cpuacct:/a\n2:memory:/a\n1:pids:/gone\n",
        "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "150000\n",
        "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "500000\n",
        "sys/fs/cgroup/memory/a/memory.usage_in_bytes": "0\n",
        "sys/fs/cgroup/pids/pids.max": "25\n", "sys/fs/cgroup/pids/pids.current": "0\n",
    ],
])
func theLeastOfAllGroups(files: [String: String]) throws {
    let group = ControlGroup(try Kernel(files).files)
    #expect(group.cores == 1.5)
    #expect(group.memory == 500_000)
    #expect(group.threads == 25)
}

@Test func aGroupWithoutLimits() throws {
    let group = ControlGroup(
        try Kernel([
            "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n",
            "sys/fs/cgroup/pids.max": "max\n",
        ]).files)
    #expect(group.cores == nil && group.memory == nil && group.threads == nil)
    let nothing = ControlGroup(try Kernel([:]).files)
    #expect(nothing.cores == nil && nothing.memory == nil && nothing.threads == nil)
}

@Test func whereAFolderIsMounted() throws {
    let kernel = try Kernel([
        "proc/self/mountinfo": """
        22 1 8:1 / / rw - ext4 /dev/root rw
        23 22 0:5 / /data rw shared:2 - xfs /dev/b rw
        24 23 0:6 / /data/my\\040files rw - nfs4 host:/x rw
        25 23 0:7 / /data/my\\040files rw - fuse.sshfs host:/x rw
        """
    ])
    func type(_ path: String) -> String? { kernel.files.mount(of: path)?.type }
    #expect(type("/data") == "xfs" && type("/data/my") == "xfs" && type("/database") == "ext4")
    #expect(type("/data/my files/deep") == "fuse.sshfs")
    #expect(SystemFiles(root: "/nowhere").mount(of: "/") == nil)
}

@Test func limitsOfTheProcess() throws {
    let kernel = try Kernel([
        "proc/self/limits": """
        Limit                     Soft Limit           Hard Limit           Units
        Max file size             unlimited            unlimited            bytes
        Max open files            1024                 1048576              files
        """
    ])
    #expect(kernel.files.limit("Max open files") == 1024)
    #expect(kernel.files.limit("Max file size") == nil)
    #expect(kernel.files.limit("Max address space") == nil)
}

@Test func coresOfTheProcess() throws {
    func cores(_ list: String, _ quota: String) throws -> Cores {
        Cores(
            try Kernel([
                "proc/self/status": "Name:\tx\nCpus_allowed_list:\t\(list)\n",
                "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "\(quota) 100000\n",
            ]).files)
    }
    #expect(try cores("0-3,8", "max").usable == 5)
    #expect(try cores("0-3,8", "230000").usable == 3)
    #expect(try cores("7", "900000").allowed == 1)
    #expect(try cores("7", "10000").usable == 1)
}
