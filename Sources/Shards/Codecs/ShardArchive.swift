internal import Documents
internal import Fields

/// What the labels of an archive's shard are predicted from, beside x and coefficients of each
/// sample.
struct ShardArchive: Sendable {
    /// The equation and the grid.
    let prediction: LabelPrediction
    /// The coefficients that are stored once.
    let fixed: LabelPrediction.Coefficients
}

extension ShardHead {
    /// Reads what labels are predicted from; nil for a shard that is no archive.
    func archive(of file: ShardFile) throws(ShardsError) -> ShardArchive? {
        guard codec == .archive else { return nil }
        let path = file.path
        let physics = try Physics(of: attributes, path: path)
        guard physics.lattice == lattice, case .double(let step)? = attributes["grid"],
            step == 0 || (step > 0x1p-40 && step <= 1 && step.significand == 1)
        else {
            throw ShardsError(
                .corrupt, "lattice or grid of \(path) are not those of its fields", path: path)
        }
        var values = LabelPrediction.Coefficients()
        for dataset in fixed {
            values.set(
                dataset,
                to: try HDF5.Column<Float>(name: dataset.coefficient.rawValue).read(
                    shape: dataset.extent(lattice), from: file))
        }
        return ShardArchive(
            prediction: LabelPrediction(physics: physics, step: step == 0 ? nil : step),
            fixed: values)
    }
}

extension Physics {
    /// The physics that a shard's attribute says.
    init(of attributes: [String: ShardAttribute], path: String) throws(ShardsError) {
        guard case .string(let text)? = attributes["physics"] else {
            throw ShardsError(.corrupt, "\(path) lacks the attribute 'physics'", path: path)
        }
        let json = try ShardsError.telling { () throws(DocumentError) in
            try JSON.parse(Array(text.utf8), source: "\(path), attribute 'physics'")
        }
        do { try self.init(json: json) } catch {
            throw ShardsError(
                .corrupt, "\(path), attribute 'physics': \(error.message)", path: path)
        }
    }
}

extension ShardReader {
    /// Returns y of a sample of an archive.
    func archivedY(at position: Int, with decoder: SampleDecoder, checkingDigest: Bool)
        throws(ShardsError) -> [Float]
    {
        guard let archive else { preconditionFailure("only archives are asked") }
        let x = try x(at: position, with: decoder)
        var values = archive.fixed
        for dataset in coefficients {
            values.set(dataset, to: try coefficient(dataset, at: position, with: decoder))
        }
        let frame = try frame(.residual, at: position)
        do throws(ShardsError) {
            let y = try decoder.decodeY(
                frame, x: x, by: archive.prediction, values, sourceFactor: sourceFactors[position])
            if checkingDigest {
                let found = FieldBytes.digest(of: y)
                guard found == ySHA256s[position] else {
                    throw ShardsError(
                        .digestMismatch,
                        "y has the SHA-256 \(found), recorded is " + "\(ySHA256s[position])")
                }
            }
            return y
        } catch { throw located(error, "y", position) }
    }
}
