internal import Documents
internal import Fields

/// A file of named tensors in the format safetensors, all of F32: 8 bytes with the length of a JSON
/// header, the header, and the tensors' little-endian values one after another.
package struct Safetensors: Sendable {
    /// A tensor: its name, its extents, and its values, row by row.
    package struct Tensor: Hashable, Sendable {
        /// The name.
        package let name: String
        /// The extents.
        package let shape: [Int]
        /// The values.
        package let values: [Float]

        /// Creates a tensor; `values` fill `shape`.
        package init(name: String, shape: [Int], values: [Float]) {
            precondition(values.count == shape.reduce(1, *), "a tensor's values fill its shape")
            (self.name, self.shape, self.values) = (name, shape, values)
        }
    }

    /// A longer header is refused. That of a checkpoint has a line for every epoch, of which there
    /// are 10,000 at most.
    package static let maximumHeader = 16 << 20
    /// More tensors are refused.
    package static let maximumTensors = 4096

    /// What the header says beside the tensors.
    package let metadata: [String: String]
    /// The tensors, in the order of their values in the file.
    package let tensors: [Tensor]

    /// Creates a file's content from its parts.
    package init(metadata: [String: String], tensors: [Tensor]) {
        self.metadata = metadata
        self.tensors = tensors
    }

    /// The tensor called `name`, or nil.
    package subscript(name: String) -> Tensor? { tensors.first { $0.name == name } }

    /// The bytes of the file; equal content has equal bytes.
    package var bytes: [UInt8] {
        var members: [String: JSON] = ["__metadata__": .object(metadata.mapValues(JSON.string))]
        var offset = 0
        for tensor in tensors {
            let end = offset + 4 * tensor.values.count
            members[tensor.name] = .object([
                "dtype": .string("F32"), "shape": .array(tensor.shape.map(JSON.integer)),
                "data_offsets": .array([.integer(offset), .integer(end)]),
            ])
            offset = end
        }
        var header = JSON.object(members).canonicalBytes
        // Values begin at a multiple of eight bytes.
        header += repeatElement(UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 + header.count + offset)
        bytes += header.count.littleEndianBytes
        bytes += header
        for tensor in tensors { TensorBytes.append(tensor.values, to: &bytes) }
        return bytes
    }
}
