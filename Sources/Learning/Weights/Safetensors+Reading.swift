package import Documents
internal import Fields

extension Safetensors {
    /// The bytes of the header in `file`, JSON text that the caller parses, and where the values
    /// begin.
    ///
    /// - Throws: `LearningError` with code `.weights` where the length is not one of this file.
    package static func header(of file: [UInt8]) throws(LearningError) -> Range<Int> {
        guard file.count >= 8 else {
            throw LearningError(
                .weights,
                "has \(file.count) bytes, too few for a file of weights (safetensors)")
        }
        let length = file[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length >= 2, length <= UInt64(min(maximumHeader, file.count - 8)) else {
            throw LearningError(
                .weights,
                "is not a file of weights (safetensors), or it is truncated: its first bytes "
                    + "announce a header of \(length) bytes in a file of \(file.count)")
        }
        return 8..<8 + Int(length)
    }

    /// Reads the tensors of `file`, whose header is `header` and ends at `start`.
    ///
    /// Values fill the rest of the file without gaps and without overlap; nothing is allocated that
    /// the file does not hold. O(bytes).
    ///
    /// - Throws: `LearningError` with code `.weights`, naming the tensor.
    package init(header: JSON, file: [UInt8], valuesAt start: Int) throws(LearningError) {
        guard let members = header.object else {
            throw LearningError(.weights, "has a header that is no JSON object")
        }
        guard members.count <= Safetensors.maximumTensors else {
            throw LearningError(
                .weights,
                "lists \(members.count) tensors; at most \(Safetensors.maximumTensors) are "
                    + "accepted")
        }
        var metadata: [String: String] = [:]
        var entries: [(name: String, shape: [Int], range: Range<Int>)] = []
        for (name, json) in members {
            if name == "__metadata__" {
                guard let object = json.object else {
                    throw LearningError(.weights, "has metadata that are no object")
                }
                for (key, value) in object {
                    guard let text = value.string else {
                        throw LearningError(.weights, "has metadata '\(key)' that are no text")
                    }
                    metadata[key] = text
                }
                continue
            }
            entries.append(try Safetensors.entry(name, json, bytes: file.count - start))
        }
        entries.sort {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        var end = 0
        for entry in entries {
            guard entry.range.lowerBound == end else {
                throw LearningError(
                    .weights,
                    "the values of '\(entry.name)' begin at byte \(entry.range.lowerBound) "
                        + "instead of \(end): tensors overlap or leave a gap")
            }
            end = entry.range.upperBound
        }
        guard end == file.count - start else {
            throw LearningError(
                .weights,
                "holds \(file.count - start) bytes of values, its header lists \(end): it is "
                    + "truncated or damaged")
        }
        self.init(
            metadata: metadata,
            tensors: entries.map { entry in
                Tensor(
                    name: entry.name, shape: entry.shape,
                    values: TensorBytes.floats(
                        of: file,
                        in: start + entry.range.lowerBound..<start + entry.range.upperBound))
            })
    }

    private static func entry(_ name: String, _ json: JSON, bytes: Int) throws(LearningError) -> (
        name: String, shape: [Int], range: Range<Int>
    ) {
        guard json["dtype"] == .string("F32") else {
            throw LearningError(
                .weights,
                "the tensor '\(name)' has the type \(json["dtype"]?.canonicalText ?? "none"); "
                    + "only F32 is read")
        }
        guard let extents = json["shape"]?.array, extents.count <= 8 else {
            throw LearningError(.weights, "the tensor '\(name)' has no shape of at most 8 extents")
        }
        var shape: [Int] = []
        var count = 1
        for extent in extents {
            guard let side = extent.int, side >= 0, side == 0 || count <= bytes / side else {
                throw LearningError(
                    .weights, "the tensor '\(name)' has a shape that its file cannot hold")
            }
            shape.append(side)
            count *= side
        }
        guard let ends = json["data_offsets"]?.array, ends.count == 2, let first = ends[0].int,
            let last = ends[1].int, 0 <= first, first <= last, last <= bytes,
            last - first == 4 * count
        else {
            throw LearningError(
                .weights,
                "the tensor '\(name)' has offsets outside its file, or not of its shape")
        }
        return (name, shape, first..<last)
    }
}
