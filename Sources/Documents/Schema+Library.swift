internal import Synchronization

extension Schema {
    /// Names of the schemas that are part of this program.
    public static var names: [String] { embedded.keys.sorted() }

    /// Returns a schema that is part of this program; each is compiled once.
    ///
    /// - Throws: `DocumentError` with code `.unknownSchema` where there is none of that name.
    public static func named(_ name: String) throws(DocumentError) -> Schema {
        if let schema = compiled.withLock({ $0[name] }) { return schema }
        guard let json = try document(name) else {
            throw DocumentError(
                .unknownSchema,
                "there is no schema '\(name)'; there are \(names.joined(separator: ", "))")
        }
        let schema = try Schema(json, name: name, file: document)
        // Where two threads came here at once, both compiled the same.
        compiled.withLock { $0[name] = schema }
        return schema
    }

    /// Returns `json` with the defaults of the schema called `name`, which is part of this program.
    package static func filled(_ json: JSON, by name: String) -> JSON {
        guard let schema = try? named(name) else { preconditionFailure("no schema \(name)") }
        return schema.filled(json)
    }

    private static let compiled = Mutex<[String: Schema]>([:])

    /// The file of a schema that is part of this program; nil where there is none of that name.
    static func document(_ name: String) throws(DocumentError) -> JSON? {
        guard let bytes = embedded[name] else { return nil }
        return try JSON.parse(bytes, source: "schemas/\(name).schema.json")
    }

    /// Every file of `schemas/` by its name without `.schema.json`; a test compares the two.
    private static var embedded: [String: [UInt8]] {
        [
            "bench": PackageResources.bench_schema_json,
            "configuration": PackageResources.configuration_schema_json,
            "curation": PackageResources.curation_schema_json,
            "curation-log": PackageResources.curation_log_schema_json,
            "export": PackageResources.export_schema_json,
            "log": PackageResources.log_schema_json,
            "manifest": PackageResources.manifest_schema_json,
            "manifest-evaluate": PackageResources.manifest_evaluate_schema_json,
            "manifest-pack": PackageResources.manifest_pack_schema_json,
            "manifest-resample": PackageResources.manifest_resample_schema_json,
            "manifest-sample": PackageResources.manifest_sample_schema_json,
            "manifest-solve": PackageResources.manifest_solve_schema_json,
            "manifest-split": PackageResources.manifest_split_schema_json,
            "manifest-train": PackageResources.manifest_train_schema_json,
            "metrics": PackageResources.metrics_schema_json,
            "physics": PackageResources.physics_schema_json,
            "pipeline": PackageResources.pipeline_schema_json,
            "plan": PackageResources.plan_schema_json,
            "progress": PackageResources.progress_schema_json,
            "provenance": PackageResources.provenance_schema_json,
            "sampling": PackageResources.sampling_schema_json,
            "shapes": PackageResources.shapes_schema_json,
            "solver": PackageResources.solver_schema_json,
            "split": PackageResources.split_schema_json,
            "status": PackageResources.status_schema_json,
            "step": PackageResources.step_schema_json,
            "tags": PackageResources.tags_schema_json,
            "training": PackageResources.training_schema_json,
        ]
    }
}
