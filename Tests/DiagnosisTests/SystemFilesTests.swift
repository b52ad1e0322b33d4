import Foundation
import Testing

import Diagnosis
import Parallel

/// What `look` finds in files of a kernel, which are there as long as it looks.
private func inKernel<Found>(_ files: [String: String], _ look: (SystemFiles) throws -> Found)
    throws -> Found
{
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (path, text) in files {
        let place = folder.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: place)
    }
    return try look(SystemFiles(root: folder.path))
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
    let group = try inKernel(files) { ControlGroup($0) }
    #expect(group.cores == 1.5)
    #expect(group.memory == 500_000)
    #expect(group.threads == 25)
}

@Test func aGroupWithoutLimits() throws {
    let files = [
        "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n",
        "sys/fs/cgroup/pids.max": "max\n",
    ]
    for files in [files, [:]] {
        let group = try inKernel(files) { ControlGroup($0) }
        #expect(group.cores == nil && group.memory == nil && group.threads == nil)
    }
}

@Test func whereAFolderIsMounted() throws {
    let mounts = """
        22 1 8:1 / / rw - ext4 /dev/root rw
        23 22 0:5 / /data rw shared:2 - xfs /dev/b rw
        24 23 0:6 / /data/my\\040files rw - nfs4 host:/x rw
        25 23 0:7 / /data/my\\040files rw - fuse.sshfs host:/x rw
        """
    try inKernel(["proc/self/mountinfo": mounts]) { system in
        func type(_ path: String) -> String? { system.mount(of: path)?.type }
        #expect(type("/data") == "xfs" && type("/data/my") == "xfs" && type("/database") == "ext4")
        #expect(type("/data/my files/deep") == "fuse.sshfs")
    }
    #expect(SystemFiles(root: "/nowhere").mount(of: "/") == nil)
}

@Test func limitsOfTheProcess() throws {
    let limits = """
        Limit                     Soft Limit           Hard Limit           Units
        Max file size             unlimited            unlimited            bytes
        Max open files            1024                 1048576              files
        """
    try inKernel(["proc/self/limits": limits]) { system in
        #expect(system.limit("Max open files") == 1024)
        #expect(system.limit("Max file size") == nil)
        #expect(system.limit("Max address space") == nil)
    }
}

@Test func coresOfTheProcess() throws {
    func cores(_ list: String, _ quota: String) throws -> Cores {
        let files = [
            "proc/self/status": "Name:\tx\nCpus_allowed_list:\t\(list)\n",
            "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "\(quota) 100000\n",
        ]
        return try inKernel(files) { Cores($0) }
    }
    #expect(try cores("0-3,8", "max").usable == 5)
    #expect(try cores("0-3,8", "230000").usable == 3)
    #expect(try cores("7", "900000").allowed == 1)
    #expect(try cores("7", "10000").usable == 1)
}
