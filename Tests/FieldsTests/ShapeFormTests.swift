import Documents
import Fields
import Testing

/// What holds for every form that there is.
@Suite struct ShapeFormTests {
    /// A possible shape of a form.
    private static func example(_ form: any ShapeForm.Type) throws -> Shape {
        let count = (form as? any MeasuredForm.Type)?.parameterCount ?? 8
        let numbers = count == 8 ? [-4, -3, 4, -3, 5, 6, -2, 3] : [5.5, 2.25, 30]
        return try #require(Shape(code: form.code, parameters: Array(numbers.prefix(count))))
    }

    @Test func codesArePlacesAndNamesAreUnique() {
        #expect(Shape.forms.map { $0.code } == Array(Shape.forms.indices))
        #expect(Set(Shape.forms.map { $0.name }).count == Shape.forms.count)
        #expect(Set(Shape.forms.map { $0.key }).count == Shape.forms.count)
        #expect(Shape(code: Shape.forms.count, parameters: [1]) == nil)
        #expect(Shape(code: -1, parameters: [1]) == nil)
    }

    @Test(arguments: Shape.forms.indices) func parametersRoundTrip(code: Int) throws {
        let form = Shape.forms[code]
        let shape = try Self.example(form)
        #expect(shape.name == form.name && shape.code == code)
        #expect(Shape(code: code, parameters: shape.parameters) == shape)
        #expect(Shape(code: code, parameters: []) == nil)
        #expect(Shape(code: code, parameters: shape.parameters + [1]) == nil)
        let source = Source(row: 40, column: 50, shape: shape, value: 0.5)
        #expect(try Source(json: source.json) == source)
        for other in Shape.forms.indices where other != code {
            #expect(try Self.example(Shape.forms[other]) != shape)
        }
    }

    /// What a design draws takes the three words that are left of a block.
    @Test(arguments: Shape.forms.indices) func parametersHaveMembers(code: Int) throws {
        guard let form = Shape.forms[code] as? any MeasuredForm.Type else { return }
        #expect((1...3).contains(form.parameterCount))
        #expect(form.angles.count == form.parameterCount)
        #expect(Set(form.members.map(\.key)).count == form.members.count)
        if let members = try Self.example(form).form.json.object {
            #expect(Set(members.keys) == Set(form.members.map(\.key)))
        }
    }

    /// No number that is not finite is possible, nor a length beyond the largest.
    @Test(arguments: Shape.forms.indices) func wrongParametersAreRefused(code: Int) throws {
        let good = try Self.example(Shape.forms[code])
        #expect(good.form.refusal == nil)
        for place in good.parameters.indices {
            for wrong in [Double.nan, .infinity, -.infinity, -5000, 5000] {
                var parameters = good.parameters
                parameters[place] = wrong
                let shape = try #require(Shape(code: code, parameters: parameters))
                #expect(shape.form.refusal != nil, "\(shape.name), \(place): \(wrong)")
            }
        }
    }

    /// Footprints lie within the reach that forms give, and their runs are in order.
    @Test(arguments: Shape.forms.indices) func footprintsAreInOrder(code: Int) throws {
        let shape = try Self.example(Shape.forms[code])
        let runs = shape.footprint.runs
        #expect(!runs.isEmpty)
        for (run, next) in zip(runs, runs.dropFirst()) {
            #expect((run.row, run.last + 1) < (next.row, next.first))
        }
        for run in runs { #expect(run.first <= run.last) }
        guard let form = Shape.forms[code] as? any MeasuredForm.Type,
            let box = shape.footprint.box
        else { return }
        let reach = form.reach(upTo: shape.parameters, isTurned: true)
        #expect(Double(max(-box.rows.lowerBound, box.rows.upperBound)) <= reach.down)
        #expect(Double(max(-box.columns.lowerBound, box.columns.upperBound)) <= reach.across)
    }

    /// Eight copies make a group: a copy and the way back is the shape itself.
    @Test(arguments: Shape.forms.indices) func copiesGoBack(code: Int) throws {
        let form = try Self.example(Shape.forms[code]).form
        for symmetry in Symmetry.allCases {
            let (rows, columns) = (symmetry.flipsRows, symmetry.flipsColumns)
            let copy = form.copy(
                isTransposed: symmetry.isTransposed, flipsRows: rows, flipsColumns: columns)
            let back = copy.copy(
                isTransposed: symmetry.isTransposed,
                flipsRows: symmetry.isTransposed ? columns : rows,
                flipsColumns: symmetry.isTransposed ? rows : columns)
            #expect(back.parameters == form.parameters, "\(symmetry)")
        }
    }
}
