internal import Fields
internal import Foundation
internal import Learning
internal import Sampling
internal import Shards

extension Verifier {
    /// The weights: that they are a model's, and have the digest of the manifest; the metrics: a line for every epoch.
    func checkTrain(_ manifest: Manifest) throws {
        let folder = dataset.folder(.train)
        let path = "\(folder)/\(Job.weightsName)"
        let weights = try WeightsFile.model(path)
        expect(
            weights.digest.description == manifest.content["digest"]?.string,
            "\(path): the weights are not those that the manifest's digest covers")
        expect(
            weights.model.parameterCount == manifest.content["parameters"]?.int
                && weights.epoch == manifest.content["best_epoch"]?.int,
            "\(path): is of another model or epoch than the manifest says")
        expect(
            weights.trainedOn == manifest.inputs.first?.id.description,
            "\(path): was trained on other shards than the manifest says")
        let metrics = "\(folder)/\(Job.metricsName)"
        let text = try InputFile.read(metrics, maximumBytes: 64 << 20)
        var epochs = 0
        for line in text.split(separator: 10) {
            epochs += 1
            let json = try JSON.parse(line: line, number: epochs, source: metrics)
            expect(EpochMetrics(json: json)?.epoch == epochs, "\(metrics):\(epochs): is not the line of its epoch")
        }
        expect(
            epochs == manifest.content["epochs"]?.int, "\(metrics): has \(epochs) epochs, the manifest another number")
    }

    /// The errors: the digest of the manifest, and a row for every sample.
    func checkEvaluate(_ manifest: Manifest) throws {
        let path = "\(dataset.folder(.evaluate))/\(Evaluator.errorsName)"
        let text = try InputFile.read(path, maximumBytes: 1 << 32)
        expect(
            Digest(of: text).description == manifest.content["digest"]?.string,
            "\(path): the errors are not those that the manifest's digest covers")
        let rows = text.count { $0 == 10 } - 1
        expect(rows == manifest.content["samples"]?.int, "\(path): has \(rows) samples, the manifest another number")
    }
}
