import Datasets
import Documents
import Fields
import Sampling
import Shards
import Solving
import Testing

@Suite struct ManifestTests {
    /// Every member of a manifest's three objects that readers depend on: where it is, and its
    /// name.
    private func members(of manifest: Manifest) -> [(WritableKeyPath<Manifest, JSON>, String)] {
        let objects: [WritableKeyPath<Manifest, JSON>] = [\.parameters, \.content, \.layout]
        return objects.flatMap { path in
            (manifest[keyPath: path].object ?? [:]).keys.sorted().map { (path, $0) }
        }
    }

    /// Members that a manifest of this stage may lack.
    private func isOptional(_ name: String, of stage: Stage) -> Bool {
        let optional: [Stage: Set<String>] = [
            .sample: ["copies"], .pack: ["compression_level", "locations", "choices"],
            .evaluate: [
                "selection", "configurations", "labels", "solver", "features", "left_out", "mae",
                "estimate_mae", "largest_bound",
            ],
        ]
        return optional[stage]?.contains(name) ?? false
    }

    private func reread<Own: StageManifest>(_ manifest: Own) throws -> Own {
        try Own(manifest.manifest)
    }

    @Test func readingGivesBackWhatWasWritten() throws {
        for manifest in try Samples.all() {
            func check<Own: StageManifest>(_ manifest: Own) throws {
                #expect(try reread(manifest) == manifest, "\(Own.stage)")
                #expect(try reread(manifest).id == manifest.manifest.id, "\(Own.stage)")
            }
            try check(manifest)
        }
    }

    @Test func whatIsWrittenIsWhatTheSchemaAsksFor() throws {
        let scratch = try Scratch()
        for manifest in try Samples.all() {
            let path = "\(scratch.path)/manifest.json"
            try manifest.manifest.write(path: path)
            #expect(try Manifest.read(path: path) == manifest.manifest)
        }
    }

    @Test func aMemberThatIsMissingIsRefusedByFileAndName() throws {
        for typed in try Samples.all() {
            let (manifest, stage) = (typed.manifest, type(of: typed).stage)
            for (place, name) in members(of: manifest) where !isOptional(name, of: stage) {
                // The settings of a training have defaults, and a parent makes a version.
                if stage == .train, place == \.parameters { continue }
                if stage == .pack, name == "parent" { continue }
                var damaged = manifest
                var members = damaged[keyPath: place].object ?? [:]
                members[name] = nil
                damaged[keyPath: place] = .object(members)
                let error = failure {
                    _ = try StageManifests.type(of: stage).init(damaged, path: "DIR/m.json")
                }
                #expect(error?.kind == .data, "\(stage) \(name)")
                #expect(error?.message.contains("DIR/m.json") == true, "\(stage) \(name)")
                let isNamed =
                    error?.message.contains("'\(name)'") == true
                    || (stage == .sample && name == "design")
                #expect(isNamed || stage == .split || stage == .sample, "\(error?.message ?? "")")
            }
        }
    }

    @Test func aMemberOfAnotherTypeIsRefused() throws {
        for typed in try Samples.all() {
            let (manifest, stage) = (typed.manifest, type(of: typed).stage)
            for (place, name) in members(of: manifest) {
                var damaged = manifest
                var members = damaged[keyPath: place].object ?? [:]
                members[name] = .array([.bool(true), .string("no"), .null])
                damaged[keyPath: place] = .object(members)
                let error = failure {
                    _ = try StageManifests.type(of: stage).init(damaged, path: "DIR/m.json")
                }
                #expect(error?.kind == .data, "\(stage) \(name)")
                #expect(error?.path != nil, "\(stage) \(name)")
            }
        }
    }

    @Test func aMemberThatNobodyKnowsIsRefused() throws {
        for typed in try Samples.all() {
            let (manifest, stage) = (typed.manifest, type(of: typed).stage)
            for place in [\Manifest.content, \Manifest.layout] {
                var damaged = manifest
                var members = damaged[keyPath: place].object ?? [:]
                members["stranger"] = .integer(1)
                damaged[keyPath: place] = .object(members)
                #expect(
                    failure { _ = try StageManifests.type(of: stage).init(damaged) }?.message
                        .contains(
                            "'stranger'") == true, "\(stage)")
            }
        }
    }

    @Test func numbersOutOfRangeAreRefused() throws {
        var solve = try Samples.solve().manifest
        for level in [0, 20] {
            solve.layout = .object([
                "samples_per_part": .integer(4), "compression_level": .integer(level),
            ])
            #expect(failure { _ = try SolveManifest(solve) }?.member == "compression_level")
        }
        var pack = try Samples.pack(isVersion: false).manifest
        pack.files[0].extra["ranks"] = .array([.integer(3), .integer(2)])
        #expect(failure { _ = try PackManifest(pack) }?.member == "ranks")
        var other = try Samples.solve().manifest
        other.parameters = .object(["tolerance": .number(0), "grid_bits": .integer(20)])
        #expect(failure { _ = try SolveManifest(other) }?.member == "tolerance")
    }

    @Test func aGridThatIsMissingIsNoDefault() throws {
        var manifest = try Samples.solve().manifest
        manifest.parameters = .object(["tolerance": .number(1e-6)])
        #expect(failure { _ = try SolveManifest(manifest) }?.member == "grid_bits")
        manifest.parameters = .object(["tolerance": .number(1e-6), "grid_bits": .null])
        #expect(try SolveManifest(manifest).accuracy.gridBits == nil)
    }

    @Test func theManifestOfAnotherStageIsRefused() throws {
        let split = try Samples.split().manifest
        #expect(
            failure { _ = try SolveManifest(split) }?.message
                == "solve/manifest.json belongs to the stage 'split', not 'solve'")
    }

    @Test func aCodecThatThereIsNotIsRefusedByName() throws {
        var manifest = try Samples.pack(isVersion: false).manifest
        var layout = manifest.layout.object ?? [:]
        layout["codec"] = .string("zip")
        manifest.layout = .object(layout)
        let error = failure { _ = try PackManifest(manifest) }
        #expect(error?.member == "codec" && error?.message.contains("zip") == true)
    }

    @Test func inputsTellWhatAStageWasMadeFrom() throws {
        let (sample, solve) = (try Samples.sample(), try Samples.solve())
        #expect(solve.wasMade(from: sample))
        var other = sample
        other.cut = PartCut(size: 5)
        // The layout has no part in the id.
        #expect(solve.wasMade(from: other))
        other.digest = Samples.digest(99)
        #expect(!solve.wasMade(from: other))
        let version = try Samples.pack(isVersion: true)
        #expect(version.input.path == "pack/version-\(version.id.short).json")
        #expect(version.companions.count == 2 && version.parent == Samples.digest(7))
    }

    @Test func aRoundTellsWhatItKnows() throws {
        let round = try #require(try Samples.pack(isVersion: true).descent?.round)
        #expect(round.scoring?.score == "error" && round.scoring?.column == "mae")
        #expect(round.judge == .model(Samples.digest(1)))
        #expect(round.pool?.candidates == 8 && round.pool?.meanScore == 0.5)
        #expect(round.facts["seed"] == .integer(4))
        func damaged(_ key: String, _ value: JSON) -> DatasetError? {
            failure {
                _ = try VersionRound(
                    number: 1, selection: "train/a", from: "b", acquisition: "top", added: [],
                    dropped: [], taken: [], meanScore: nil, facts: [key: value])
            }
        }
        #expect(damaged("judge", .object([:]))?.kind == .data)
        #expect(damaged("judge", .object(["model": .string("x")]))?.member == "model")
        #expect(damaged("curation", .object([:]))?.member == "score")
        #expect(damaged("curation", .null) == nil)
    }
}
