import Documents
import Fields
import Foundation
import Shards
import Testing

struct FileTests {
    @Test func atomicWriteReplacesAndLeavesNothing() throws {
        let folder = try TemporaryFolder()
        let target = folder("a.json")
        #expect(AtomicFile.temporary(for: target) == folder(".a.json.tmp"))
        try put([9], AtomicFile.temporary(for: target))  // left by a killed run
        try AtomicFile.write([1, 2, 3], to: target)
        try AtomicFile.write([4, 5], to: target)
        #expect(try contents(target) == [4, 5])
        #expect(folder.names == ["a.json"])
    }

    @Test func atomicWriteThatFailsLeavesTheOldFile() throws {
        let folder = try TemporaryFolder()
        // A folder that is not empty cannot be renamed over.
        try FileManager.default.createDirectory(
            atPath: folder("a/b"), withIntermediateDirectories: true)
        #expect(try code { try AtomicFile.write([1], to: folder("a")) } != nil)
        #expect(folder.names == ["a"])
        #expect(try code { try AtomicFile.write([1], to: folder("none/a")) } == .notFound)
    }

    @Test func temporaryLinkIsNotFollowed() throws {
        let folder = try TemporaryFolder()
        try put([1], folder("victim"))
        try FileManager.default.createSymbolicLink(
            atPath: AtomicFile.temporary(for: folder("a")), withDestinationPath: folder("victim"))
        try AtomicFile.write([2], to: folder("a"))
        #expect(try contents(folder("victim")) == [1])
        #expect(try contents(folder("a")) == [2])
    }

    @Test func commitOfAFileByOthers() throws {
        let folder = try TemporaryFolder()
        try put([1], folder(".s.tmp"))
        try AtomicFile.commit(temporary: folder(".s.tmp"), as: folder("s"))
        #expect(folder.names == ["s"])
        #expect(
            try code { try AtomicFile.commit(temporary: folder(".s.tmp"), as: folder("s")) }
                == .notFound)
    }

    @Test func digests() throws {
        let folder = try TemporaryFolder()
        let bytes = BloscFrameTests.noise(3_000_001, seed: 1)
        try put(bytes, folder("f"))
        let digest = try FileDigest(of: folder("f"))
        #expect(digest.bytes == bytes.count)
        #expect(digest.sha256 == Digest(of: bytes))
        try put([], folder("empty"))
        #expect(
            try FileDigest(of: folder("empty")).sha256.description
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test(arguments: [
        "", "/etc/passwd", "..", "../a", "a/../b", "./a", "a/.", "a//b", "a/", "a\\b", "a\u{0}b",
        String(repeating: "n", count: 256), "a/\u{301}../b/..",
    ]) func pathsThatAreRefused(_ path: String) throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: ShardsError.self) {
            try SafePath.resolve(path, in: folder.path)
        }
        #expect(error?.code == .unsafePath)
    }

    @Test func pathsInsideAndLinks() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder("root/parts"), withIntermediateDirectories: true)
        try put([1], folder("root/parts/p.h5"))
        try put([1], folder("secret"))
        let root = folder("root")
        #expect(try SafePath.resolve("parts/p.h5", in: root) == folder("root/parts/p.h5"))
        try FileManager.default.createSymbolicLink(
            atPath: folder("root/link"), withDestinationPath: "../secret")
        try FileManager.default.createSymbolicLink(
            atPath: folder("root/out"), withDestinationPath: folder.path)
        try FileManager.default.createSymbolicLink(
            atPath: folder("root/inside"), withDestinationPath: "parts")
        // The file itself may be a link to a file, for reading; a folder on the way may not.
        #expect(try SafePath.resolve("link", in: root) == folder("root/link"))
        try FileManager.default.createSymbolicLink(
            atPath: folder("root/nothing"), withDestinationPath: "none")
        #expect(try code { _ = try SafePath.resolve("nothing", in: root) } == .notFound)
        #expect(try code { _ = try SafePath.resolve("inside", in: root) } == .unreadable)
        for path in ["link", "out/secret", "inside/p.h5"] {
            let error = #expect(throws: ShardsError.self) {
                try SafePath.resolve(path, in: root, followingLink: false)
            }
            #expect(error?.code == .unsafePath)
            #expect(error?.message.contains("'\(path.split(separator: "/")[0])'") == true)
        }
        #expect(try code { _ = try SafePath.resolve("parts", in: root) } == .unreadable)
        #expect(try code { _ = try SafePath.resolve("parts/q.h5", in: root) } == .notFound)
        #expect(try code { _ = try SafePath.resolve("parts/p.h5/x", in: root) } == .notFound)
        let status = unsafe mkfifo(folder("root/pipe"), 0o600)
        #expect(status == 0)
        #expect(try code { _ = try SafePath.resolve("pipe", in: root) } == .unreadable)
        try FileManager.default.createSymbolicLink(
            atPath: folder("root/pipe-link"), withDestinationPath: "pipe")
        #expect(try code { _ = try SafePath.resolve("pipe-link", in: root) } == .unreadable)
        #expect(try code { _ = try FileDigest(of: folder("root/pipe-link")) } == .unreadable)
        #expect(try code { _ = try FileDigest(of: folder("root/pipe")) } == .unreadable)
    }

    @Test func errnoTable() {
        for (number, code) in [
            (ENOSPC, ShardsError.Code.noSpace), (EDQUOT, .noSpace), (EFBIG, .noSpace),
            (EROFS, .readOnly), (EACCES, .readOnly), (EPERM, .readOnly), (ENOENT, .notFound),
            (EIO, .io),
        ] {
            let error = ShardsError(errno: number, "write", path: "/a/b")
            #expect(error.code == code)
            #expect(error.description.contains("/a/b"))
        }
    }

    @Test func jsonFiles() throws {
        let folder = try TemporaryFolder()
        try put(Array("[1]".utf8), folder("a.json"))
        #expect(try JSON.parse(file: folder("a.json")) == .array([.number(1)]))
        #expect(
            try code { _ = try JSON.parse(file: folder("a.json"), maximumBytes: 2) } == .tooLarge)
        #expect(try code { _ = try JSON.parse(file: folder("b.json")) } == .notFound)
        #expect(try code { _ = try JSON.parse(file: folder.path) } == .unreadable)
    }
}
