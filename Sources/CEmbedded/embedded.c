// The files that are part of the program, as the compiler reads them; tests compare the list with `schemas/` and
// `pipelines/`.
// An array of bytes in Swift says the same, and takes the compiler a third of a millisecond a byte.
#include "embedded.h"

// Clang has it for every version of C; it is of C23, which SwiftPM does not ask for.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char bench[] = {
#embed "../../schemas/bench.schema.json"
};
static const unsigned char configuration[] = {
#embed "../../schemas/configuration.schema.json"
};
static const unsigned char curation[] = {
#embed "../../schemas/curation.schema.json"
};
static const unsigned char curation_log[] = {
#embed "../../schemas/curation-log.schema.json"
};
static const unsigned char export[] = {
#embed "../../schemas/export.schema.json"
};
static const unsigned char log[] = {
#embed "../../schemas/log.schema.json"
};
static const unsigned char manifest[] = {
#embed "../../schemas/manifest.schema.json"
};
static const unsigned char manifest_evaluate[] = {
#embed "../../schemas/manifest-evaluate.schema.json"
};
static const unsigned char manifest_pack[] = {
#embed "../../schemas/manifest-pack.schema.json"
};
static const unsigned char manifest_resample[] = {
#embed "../../schemas/manifest-resample.schema.json"
};
static const unsigned char manifest_sample[] = {
#embed "../../schemas/manifest-sample.schema.json"
};
static const unsigned char manifest_solve[] = {
#embed "../../schemas/manifest-solve.schema.json"
};
static const unsigned char manifest_split[] = {
#embed "../../schemas/manifest-split.schema.json"
};
static const unsigned char manifest_train[] = {
#embed "../../schemas/manifest-train.schema.json"
};
static const unsigned char metrics[] = {
#embed "../../schemas/metrics.schema.json"
};
static const unsigned char physics[] = {
#embed "../../schemas/physics.schema.json"
};
static const unsigned char pipeline[] = {
#embed "../../schemas/pipeline.schema.json"
};
static const unsigned char plan[] = {
#embed "../../schemas/plan.schema.json"
};
static const unsigned char progress[] = {
#embed "../../schemas/progress.schema.json"
};
static const unsigned char provenance[] = {
#embed "../../schemas/provenance.schema.json"
};
static const unsigned char sampling[] = {
#embed "../../schemas/sampling.schema.json"
};
static const unsigned char shapes[] = {
#embed "../../schemas/shapes.schema.json"
};
static const unsigned char solver[] = {
#embed "../../schemas/solver.schema.json"
};
static const unsigned char split[] = {
#embed "../../schemas/split.schema.json"
};
static const unsigned char status[] = {
#embed "../../schemas/status.schema.json"
};
static const unsigned char step[] = {
#embed "../../schemas/step.schema.json"
};
static const unsigned char tags[] = {
#embed "../../schemas/tags.schema.json"
};
static const unsigned char training[] = {
#embed "../../schemas/training.schema.json"
};
static const unsigned char codes[] = {
#embed "../Learning/Training/codes.json"
};
static const unsigned char condiff_pipeline[] = {
#embed "../../pipelines/condiff.yaml"
};
static const unsigned char curation_pipeline[] = {
#embed "../../pipelines/curation.yaml"
};
static const unsigned char darcy_pipeline[] = {
#embed "../../pipelines/darcy.yaml"
};
static const unsigned char diffsolver_pipeline[] = {
#embed "../../pipelines/diffsolver.yaml"
};
static const unsigned char layers_pipeline[] = {
#embed "../../pipelines/layers.yaml"
};
static const unsigned char paper_pipeline[] = {
#embed "../../pipelines/paper.yaml"
};
static const unsigned char quickstart_pipeline[] = {
#embed "../../pipelines/quickstart.yaml"
};
static const unsigned char random_medium_pipeline[] = {
#embed "../../pipelines/random-medium.yaml"
};
static const unsigned char shapes_pipeline[] = {
#embed "../../pipelines/shapes.yaml"
};
static const unsigned char tiny_pipeline[] = {
#embed "../../pipelines/tiny.yaml"
};
static const unsigned char train_pipeline[] = {
#embed "../../pipelines/train.yaml"
};

#define FILE(name, bytes) {name, bytes, sizeof bytes}

static const EmbeddedFile files[] = {
    FILE("bench.schema.json", bench),
    FILE("configuration.schema.json", configuration),
    FILE("curation.schema.json", curation),
    FILE("curation-log.schema.json", curation_log),
    FILE("export.schema.json", export),
    FILE("log.schema.json", log),
    FILE("manifest.schema.json", manifest),
    FILE("manifest-evaluate.schema.json", manifest_evaluate),
    FILE("manifest-pack.schema.json", manifest_pack),
    FILE("manifest-resample.schema.json", manifest_resample),
    FILE("manifest-sample.schema.json", manifest_sample),
    FILE("manifest-solve.schema.json", manifest_solve),
    FILE("manifest-split.schema.json", manifest_split),
    FILE("manifest-train.schema.json", manifest_train),
    FILE("metrics.schema.json", metrics),
    FILE("physics.schema.json", physics),
    FILE("pipeline.schema.json", pipeline),
    FILE("plan.schema.json", plan),
    FILE("progress.schema.json", progress),
    FILE("provenance.schema.json", provenance),
    FILE("sampling.schema.json", sampling),
    FILE("shapes.schema.json", shapes),
    FILE("solver.schema.json", solver),
    FILE("split.schema.json", split),
    FILE("status.schema.json", status),
    FILE("step.schema.json", step),
    FILE("tags.schema.json", tags),
    FILE("training.schema.json", training),
    FILE("codes.json", codes),
    FILE("condiff.yaml", condiff_pipeline),
    FILE("curation.yaml", curation_pipeline),
    FILE("darcy.yaml", darcy_pipeline),
    FILE("diffsolver.yaml", diffsolver_pipeline),
    FILE("layers.yaml", layers_pipeline),
    FILE("paper.yaml", paper_pipeline),
    FILE("quickstart.yaml", quickstart_pipeline),
    FILE("random-medium.yaml", random_medium_pipeline),
    FILE("shapes.yaml", shapes_pipeline),
    FILE("tiny.yaml", tiny_pipeline),
    FILE("train.yaml", train_pipeline),
};

const EmbeddedFile *embedded_file_or_null(size_t index) {
    return index < sizeof files / sizeof files[0] ? &files[index] : NULL;
}
