internal import Fields
package import Shards

/// The fields of one sample as little-endian bytes, checked: y has its SHA-256.
package struct ExportedFields {
    package let x: [UInt8]  // (rows, columns) of binary32
    package let y: [UInt8]  // (rows, columns)
    /// The coefficients of the sample's own, in the order of the shard's `coefficients`.
    package let coefficients: [[UInt8]]  // (planes, rows, columns)

    /// Decodes row `row` of a shard.
    package init(_ reader: ShardReader, _ row: Int, with decoder: SampleDecoder) throws(ShardsError)
    {
        x = FieldBytes.bytes(of: try reader.x(at: row, with: decoder))
        y = FieldBytes.bytes(of: try reader.y(at: row, with: decoder, checkingDigest: true))
        coefficients = try reader.coefficients.map { (dataset) throws(ShardsError) in
            FieldBytes.bytes(of: try reader.coefficient(dataset, at: row, with: decoder))
        }
    }
}
