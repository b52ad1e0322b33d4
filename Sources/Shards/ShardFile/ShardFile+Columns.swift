extension HDF5.Column {
    /// Reads the column from a shard, in which it must have the shape `shape`; the caller has
    /// bounded it by the file's size.
    func read(shape: [Int], from file: ShardFile) throws(ShardsError) -> [E] {
        let dataset = try file.dataset(name)
        guard dataset.type == E.elementType else { throw file.otherType(name) }
        guard dataset.shape == shape else {
            throw ShardsError(
                .corrupt,
                "the dataset '\(name)' of \(file.path) has the shape \(dataset.shape), expected "
                    + "is \(shape)", path: file.path)
        }
        let count = shape.reduce(1, *)
        let bytes = count * MemoryLayout<E>.size
        guard case .contiguous(let address, let stored) = dataset.storage, dataset.filters.isEmpty,
            count == 0 || (stored == UInt64(bytes) && address != ShardFile.undefined)
        else {
            throw ShardsError(
                .corrupt, "the dataset '\(name)' of \(file.path) is not stored in one piece",
                path: file.path)
        }
        return count == 0 ? [] : FieldBytes.numbers(of: try file.bytes(at: address, count: bytes))
    }
}

extension ShardFile {
    /// The error for a dataset `name` of other numbers than a shard has.
    func otherType(_ name: String) -> ShardsError {
        ShardsError(
            .corrupt,
            "the dataset '\(name)' of \(path) has numbers of another type than a shard has",
            path: path)
    }

    /// Checks that the elements of `dataset` have the type `type`.
    func require(_ type: ElementType, of dataset: Dataset) throws(ShardsError) {
        guard dataset.type == type else { throw otherType(dataset.name) }
    }

    /// Makes `frame` the chunk of sample `position` of `dataset` as it is stored, at most `maximum`
    /// bytes, in the memory that it has if that is enough.
    func chunk(of dataset: Dataset, at position: Int, maximum: Int, into frame: inout [UInt8])
        throws(ShardsError)
    {
        let place = try self.place(of: dataset, at: position)
        guard place.bytes <= maximum else {
            throw ShardsError(
                .corrupt,
                "sample \(position) of \(path) claims a chunk of \(place.bytes) bytes, at most "
                    + "\(maximum) make sense", path: path)
        }
        try read(at: place.offset, count: Int(place.bytes), into: &frame)
    }

    /// Where the chunk of sample `position` of `dataset` begins in the file, and its size as it is
    /// stored.
    func place(of dataset: Dataset, at position: Int) throws(ShardsError) -> (
        offset: UInt64, bytes: UInt32
    ) {
        guard case .chunked(_, let chunks) = dataset.storage else { throw otherType(dataset.name) }
        let place = try chunks.place(of: position, path: path)
        guard place.bytes <= size, place.offset <= UInt64(size - Int(place.bytes)) else {
            throw ShardsError(
                .corrupt, "the chunk of sample \(position) of \(path) leads beyond its end",
                path: path)
        }
        return place
    }
}
