import Documents
import Fields
import Learning
import Testing

@Suite struct TrainingDescriptionTests {
    private static let model = JSON.object(["kind": .string("encoder-decoder")])

    private static func parse(_ members: [String: JSON]) throws -> TrainingDescription {
        try TrainingDescription(json: .object(members.merging(["model": model]) { own, _ in own }))
    }

    /// What Swift code gets without saying anything is what the schema says.
    @Test func defaultsAreThoseOfTheSchema() throws {
        #expect(try Self.parse([:]) == TrainingDescription())
        #expect(
            try Self.parse(["transform": .string("log10")]).transform == .log10(floor: 1e-6))
        let draw = try Self.parse(["prefactor": .object(["draw": .object([:])])])
        let (exponential, step) = (
            Prefactor.exponential(scale: 1, of: .truth), Prefactor.step(a: 4000, b: 10)
        )
        #expect(
            draw.prefactor == .draw(stepProbability: 0.8, exponential: exponential, step: step))
        #expect(draw.bestBy == .mae)
    }

    @Test func theCanonicalFormComesBack() throws {
        for code in ModelCode.all {
            let description = try TrainingDescription(
                json: .object([
                    "code": .string(code.name), "model": .object(["kind": .string("u-net")]),
                ]))
            #expect(try TrainingDescription(json: description.json) == description, "\(code.name)")
            #expect(description.model.kind == .uNet)
        }
        var all = TrainingDescription()
        (all.schedule, all.warmUpEpochs, all.earlyStop, all.optimiser.clipNorm) = (
            .cosine(final: 1e-6), 2.5, 3, 0.5
        )
        (all.transform, all.judge, all.seed) = (.log10(floor: 1e-4), .test, .max)
        #expect(try TrainingDescription(json: all.json) == all)
    }

    /// What the paper's tables say, row by row: share, prefactor, loss, transform, epochs.
    @Test func codesAreThoseOfTheTables() throws {
        #expect(ModelCode.all.count == 12 + 4 + 7 + 4 + 8 + 2 + 2)
        #expect(Set(ModelCode.all.map(\.name)).count == ModelCode.all.count)
        let shares = [
            "80": "S1.25%", "40": "S2.5%", "20": "S5%", "8": "S12.5%", "4": "S25%", "2": "S50%",
            "1": "S100%",
        ]
        for code in ModelCode.all {
            let digits = String(code.name.prefix(while: \.isNumber))
            #expect(code.training.selection == shares[digits], "\(code.name)")
            let kind = code.name.dropFirst(digits.count).first
            switch code.training.prefactor {
            case .always(.exponential(1, .truth)): #expect(kind == "E", "\(code.name)")
            case .always(.step): #expect(kind == "S", "\(code.name)")
            case .toggle: #expect(kind == "T", "\(code.name)")
            case .draw(0.8, _, _): #expect(kind == "R", "\(code.name)")
            default: Issue.record("\(code.name) has another prefactor")
            }
            #expect(
                (code.training.transform == .sqrt) == code.name.hasSuffix("_sqrt"), "\(code.name)")
        }
        for name in ["4T-1", "4T-5"] {
            #expect(try ModelCode(named: name).training.loss == .mse, "Table 6: MSE in turn")
        }
        #expect(try ModelCode(named: "4R").training.loss == .mae)
        let two = try ModelCode(named: "80S2").training
        #expect(two.loss == .mse && two.prefactor == .always(.step(a: 6000, b: 10)))
        #expect(try ModelCode(named: "80S1_a6000_b1").training.optimiser.learningRate == 2e-5)
        #expect(try ModelCode(named: "4E2-2").training.labelNoise == 0.01)
        #expect(try ModelCode(named: "4R").training.epochs == 84)
        #expect(try ModelCode(named: "1S1").training.epochs == 40)
        #expect(try ModelCode(named: "20EIH_d0.05").training.loss == .inverseHuber(delta: 0.05))
        #expect(throws: LearningError.self) { _ = try ModelCode(named: "80E3") }
    }

    @Test func keysOverrideTheCode() throws {
        let description = try Self.parse([
            "code": .string("80E1"), "loss": .object(["kind": .string("mse")]),
            "epochs": .integer(3), "optimiser": .object(["beta1": .number(0.8)]),
        ])
        #expect(
            description.loss == .mse && description.epochs == 3 && description.selection == "S1.25%"
        )
        #expect(description.optimiser.beta1 == 0.8 && description.optimiser.learningRate == 1e-4)
    }

    @Test func aCodeTakesThePlaceOfItsKeys() throws {
        let own: [String: JSON] = [
            "selection": .string("S5%"), "loss": .object(["kind": .string("mae")]),
            "epochs": .integer(7), "batch": .integer(9),
            "optimiser": .object(["learning_rate": .number(1), "beta1": .number(0.5)]),
        ]
        let left = ModelCode.withoutItsKeys(own)
        #expect(left == ["batch": .integer(9), "optimiser": .object(["beta1": .number(0.5)])])
        let code = try ModelCode(named: "80S2")
        let beside = try Self.parse(own.merging(["code": .string("80S2")]) { $1 })
        #expect(
            code.changed(in: beside) == ["epochs", "loss", "optimiser.learning_rate", "selection"])
        #expect(
            code.changed(in: try Self.parse(["code": .string("80S2")])).isEmpty)
    }

    @Test func contradictionsAreRefused() {
        let bad: [[String: JSON]] = [
            ["code": .string("4T-5"), "best_by": .string("loss")],
            ["judge": .string("none"), "early_stop": .integer(3)],
            ["epochs": .integer(2), "warm_up_epochs": .integer(3)],
            ["loss": .object(["kind": .string("huber")])],
            ["loss": .object(["kind": .string("mae"), "delta": .number(1)])],
            ["transform": .string("cube")], ["judge": .string("training")], ["code": .string("?")],
        ]
        for members in bad {
            #expect(throws: LearningError.self, "\(members)") {
                _ = try Self.parse(members)
            }
        }
    }

    @Test func lossesOfDifferentPrefactorsAreNotCompared() throws {
        #expect(try Self.parse(["code": .string("4T-1")]).bestBy == .mae)
        #expect(try Self.parse(["code": .string("4E1")]).bestBy == .loss)
    }
}
