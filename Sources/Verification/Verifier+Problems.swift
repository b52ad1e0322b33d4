package import Datasets
internal import Fields
internal import Sampling
internal import Shards

extension Verifier {
    /// That no problem is in the shards of `manifest` twice, from whatever side it is seen: above
    /// all not in two parts. Of a version only what is in one of `files` is said, the rest is its
    /// parent's.
    ///
    /// Nothing is solved or decoded: images are drawn from the configurations, which `checkSamples`
    /// compares with the stored ones.
    package func checkProblems(of manifest: PackManifest, in files: Set<String>) throws {
        let store: PackedSamples
        do { store = try PackedSamples(manifest, in: dataset.folder(.pack)) } catch {
            // What cannot be read has been found to be so, as a rule; without a finding it must
            // become one.
            if report.findings.isEmpty { throw error }
            return
        }
        var classes: [ProblemClass] = []
        classes.reserveCapacity(store.samples.count)
        var start = 0
        for (number, file) in manifest.shards.map(\.file).enumerated() {
            let end =
                store.samples[start...].firstIndex { $0.file != number } ?? store.samples.count
            let own =
                try problems[file.path]
                ?? KnownProblems.classes(
                    of: Array(store.samples[start..<end]), in: store, threads: threads)
            problems[file.path] = own
            classes += own
            start = end
        }
        guard classes.count == store.samples.count else {
            throw DatasetError(
                .data,
                "\(dataset.folder(.pack)): changed while it was read: run 'steadyset verify' again")
        }
        var first: [ProblemClass: Int] = [:]
        first.reserveCapacity(classes.count)
        // What models are judged by comes first: it says what a copy is of.
        for part in [Split.Part.test, .validation, .train] {
            for (number, sample) in store.samples.enumerated() where sample.part == part {
                guard let other = first[classes[number]] else {
                    first[classes[number]] = number
                    continue
                }
                let file = manifest.shards[Int(sample.file)].file.path
                guard files.contains(file) else { continue }
                let original = KnownProblems.Sample(
                    id: store.samples[other].id, part: store.samples[other].part)
                found(
                    "\(dataset.folder(.pack))/\(file): sample \(sample.id) of the part "
                        + "'\(part.rawValue)' " + original.words(in: part))
            }
        }
    }
}
