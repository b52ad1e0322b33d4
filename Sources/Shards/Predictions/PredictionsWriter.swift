internal import CHDF5
public import Fields

/// Writes predicted fields as `PredictionsReader` reads them: `/id`, u64 (n), and `/y`, f32 (n,
/// rows, columns), not compressed.
///
/// Until `finish()` the file is not valid; an error, or dropping the writer, removes it.
public final class PredictionsWriter {
    /// The file that is written, a temporary one as a rule.
    public let path: String
    private let shape: [Int]
    private var count = 0
    private struct Handles: ~Copyable, Sendable {
        let y: HDF5.Handle<HDF5.Dataset>
        let file: HDF5.Handle<HDF5.File>

        consuming func close(path: String) throws(ShardsError) {
            try y.close("close", path: path)
            try file.close("complete", path: path)
        }
    }
    private var handles: Handles?
    private let output: OutputFile

    /// Creates the file for the samples `ids` on `lattice`; a stale file at `path` is removed.
    public init(path: String, lattice: Lattice, ids: [SampleID]) throws(ShardsError) {
        self.path = path
        let shape = [ids.count, lattice.rows, lattice.columns]
        self.shape = shape
        output = try OutputFile(path)
        do {
            handles = try HDF5.locked { [output] (driver) throws(ShardsError) -> Handles in
                let file = try HDF5.createFile(output, driver: driver, metadataBytes: 4096)
                try HDF5.Column<UInt64>(name: "id").write(
                    ids.map(\.bits), shape: [ids.count], to: file.id, path: path)
                let y = try HDF5.Rows.create("y", shape: shape, in: file.id, path: path)
                return Handles(y: y, file: file)
            }
            try output.check()
        } catch { throw abandoned(because: error) }
    }

    deinit { if handles != nil { abandon() } }

    /// Appends the field of the next sample, (rows, columns).
    public func append(_ y: [Float]) throws(ShardsError) {
        precondition(
            handles != nil && count < shape[0], "the file is finished, has failed, or is full")
        let dataset = handles?.y.id ?? -1
        do {
            try HDF5.locked { () throws(ShardsError) in
                try HDF5.Rows.write(y, at: count, of: dataset, shape: shape, path: path)
            }
            try output.check()
        } catch { throw abandoned(because: error) }
        count += 1
    }

    /// Closes the file and waits until it is on the disk, as it was meant; `AtomicFile.commit` then
    /// gives it its name.
    public func finish() throws(ShardsError) {
        precondition(handles != nil && count == shape[0], "every sample has a field")
        do {
            try HDF5.locked { () throws(ShardsError) in
                if let handles = handles.take() { try handles.close(path: path) }
            }
            _ = try output.finish()
        } catch { throw abandoned(because: error) }
    }

    private func abandon() {
        output.abandon()
        HDF5.lockedForClosing { handles = nil }
        AtomicFile.remove(path)
    }

    /// Gives the file up; returns what failed first, of which `error` may be a consequence.
    private func abandoned(because error: ShardsError) -> ShardsError {
        let first = output.failure ?? error
        abandon()
        return first
    }
}
