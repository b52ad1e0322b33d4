"""Trains networks on datasets that Steadyset made, with PyTorch, and judges them.

    python -m steadyset.training PIPELINE --data DATASET --output DIR
    python -m steadyset.training.evaluate --model DIR --data DATASET --output DIR

The same pipeline file, shards, model codes, weights and errors.csv as those of `steadyset train` and `steadyset evaluate`.
A trained model as a PyTorch module, x and y being (samples, rows, columns):

    from steadyset.training.evaluate import Surrogate
    y = Surrogate(pathlib.Path("weights.safetensors"), torch.device("cpu")).predict(x)

Modules that need PyTorch: `network`, `losses`, `trainer`, `checkpoint`, `processes`, `evaluate`. The others need NumPy,
`pipeline` needs PyYAML, `parsing` jsonschema.
"""
