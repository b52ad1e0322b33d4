"""Golden data of learning: what PyTorch computes on small networks, for Tests/LearningTests.

    pip install torch numpy        # made with the versions that learning.json names
    python3 scripts/golden/learning.py Tests/LearningTests/Golden

It writes four files. Arrays are binary32 in safetensors; they were computed in binary64 from binary32 inputs, but for the
curves, and rounded once.

encoder-decoder.safetensors, u-net.safetensors: one network each, MODEL below, on the first BATCH samples of the data.
    x, y                     (samples, rows, columns)  the inputs and labels
    output                   (samples, rows, columns)  of the initial network in training: batch norm by the batch
    prediction               (samples, rows, columns)  of the initial network in inference: batch norm by its statistics
    output_gradient          (samples, rows, columns)  of the loss with respect to the output
    initial.TENSOR           a part of the initial values; exact
    gradient.TENSOR          a part of the loss's gradient with respect to a parameter
    statistics.TENSOR        the statistics of batch norm after one forward pass in training
    adam.TENSOR              a part of the parameters, and all of the statistics, after ten steps on the same batch
  TENSOR is a name such as encoder.3.weight. A part is the elements 0, s, 2s, … of the flat tensor: s is 1 for tensors of at
  most 256 elements, 7 for larger ones. learning.json has the sum of squares of every whole tensor beside it, in `networks`:
  `gradient_squares`, `adam_squares` (of the difference to the initial values), by the tensor's name, with the `loss` of the
  first step, `losses` of all ten (each before its step), `norms` of the gradients before clipping, and `learning_rates`.
losses.safetensors: losses on an output and a label (2, 8, 8) each, the label from 0 to 1.
    output, label            the same for all cases; both transformed already
    gradient.CASE            of the training loss with respect to the output
  learning.json `losses` has of each case the keys `loss` and `prefactor` as a pipeline file has them, and the `value`.
    y, transformed.CASE, inverse.CASE   64 labels, what a transform makes of them, and what its inverse makes of `output`
  `transforms` has the cases.
learning.json also has `curves`: two small trainings in binary32, see `curve`. A line an epoch: prefactor, train_loss (mean
over samples of the loss of their batch, before its step), judge_loss and judge_mae (after the epoch, in inference;
the first under the epoch's prefactor, the second of predictions, back from the transform), learning_rate of the last step.

The data need no file: sample k has 1 + k mod 3 disks of radius 3 on 32 × 32 sites. Disk j takes the words of Philox4x32-10
with the key (2026, 99) and the counter (k, j, 0, 0): row 3 + ⌊word₀·26/2³²⌋, column 3 + ⌊word₁·26/2³²⌋, value 1 for j = 0,
otherwise (⌊word₂/2⁸⌋ + 1)/2²⁴. x is the largest value of a site's disks, 0 elsewhere. y comes from x by 64 sweeps
u ← x where x > 0, else ((up + down) + (left + right))·0.24 in binary32, all sites at once, 0 outside the lattice: the
pinned problem with D = 1, γ = 1/6, solved about as well as it needs to be here. `sums` of learning.json has Σy of the samples.

The gradient of encoder.0.bias is exactly 0, since batch norm takes away what it adds; Adam would make steps of rounding
errors. It is set to 0 before clipping, here and in both trainers. Clipping multiplies all gradients by
min(1, clip_norm/(norm + 1e-6)), as PyTorch's clip_grad_norm_; the optimiser is PyTorch's AdamW.

Initial values, order of samples, losses and schedules are specified in the articles *Training* and *Reading*. The program
uses scripts/python/steadyset/training, so that the Swift package is compared with the Python one too. It checks itself: the
same in binary32 must agree; `binary32` of learning.json has by how much (relative, in the norm of each tensor, the worst).
"""

import json
import pathlib
import sys

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "python"))
from steadyset.order import Order, philox_block  # noqa: E402
from steadyset.training import losses  # noqa: E402
from steadyset.training.architecture import ModelDescription, initial_values  # noqa: E402
from steadyset.training.description import prefactor_name, prefactor_of_epoch  # noqa: E402
from steadyset.training.network import Network  # noqa: E402
from steadyset.training.parsing import parse_training, parse_transform  # noqa: E402
from steadyset.training.weights import write_arrays  # noqa: E402

SIDE, RADIUS, SWEEPS = 32, 3, 64
BATCH = 3
WIDTH = 0.0235  # 2, 3, 6, 12, 24, 48 channels, and 24, 12, 6, 3, 2, 1
SEED = 11
MODEL = {"width": WIDTH}

# The two networks: their training, ten steps of it.
NETWORKS = {
    "encoder-decoder": {
        "model": {"kind": "encoder-decoder", **MODEL},
        "loss": {"kind": "mae"},
        "prefactor": {"exponential": {"scale": 1, "of": "truth"}},
        "optimiser": {"learning_rate": 1e-3},
        "batch": BATCH,
        "epochs": 10,
        "seed": SEED,
    },
    "u-net": {
        "model": {"kind": "u-net", **MODEL},
        "loss": {"kind": "huber", "delta": 0.1},
        "prefactor": {"step": {"a": 4, "b": 2}},
        "transform": "sqrt",
        "optimiser": {"learning_rate": 2e-3, "beta1": 0.85, "beta2": 0.99, "epsilon": 1e-7, "weight_decay": 0.05, "clip_norm": 0.02},
        "schedule": {"cosine": {"final": 1e-4}},
        "warm_up_epochs": 3,
        "batch": BATCH,
        "epochs": 10,
        "seed": SEED,
    },
}  # fmt: skip

# Two small trainings: 24 samples to learn from (0 to 23), 8 to judge by (24 to 31).
LEARN, JUDGE = 24, 8
CURVES = [
    {
        "model": {"kind": "encoder-decoder", **MODEL},
        "loss": {"kind": "mae"},
        "prefactor": {"toggle": {"every": 2, "exponential": {"scale": 1}, "step": {"a": 4, "b": 2}}},
        "optimiser": {"learning_rate": 1e-3},
        "batch": 5,
        "epochs": 8,
        "seed": 3,
    },
    {
        "model": {"kind": "u-net", **MODEL},
        "loss": {"kind": "mse"},
        "prefactor": {"exponential": {"scale": 1}},
        "transform": "sqrt",
        "optimiser": {"learning_rate": 1e-3, "clip_norm": 0.05},
        "schedule": {"cosine": {"final": 0}},
        "warm_up_epochs": 1,
        "batch": 7,
        "epochs": 8,
        "seed": 4,
    },
]

LOSSES = {
    "mae": {"loss": {"kind": "mae"}},
    "mse": {"loss": {"kind": "mse"}},
    "huber": {"loss": {"kind": "huber", "delta": 0.15}},
    "inverse-huber": {"loss": {"kind": "inverse-huber", "delta": 0.15}},
    "inverse-huber-released": {"loss": {"kind": "inverse-huber-released", "delta": 0.15}},
    "mae-exponential": {"loss": {"kind": "mae"}, "prefactor": {"exponential": {"scale": 0.5}}},
    "mae-exponential-prediction": {
        "loss": {"kind": "mae"}, "prefactor": {"exponential": {"scale": 0.5, "of": "prediction"}},
    },
    "inverse-huber-exponential-prediction": {
        "loss": {"kind": "inverse-huber", "delta": 0.15}, "prefactor": {"exponential": {"scale": 2, "of": "prediction"}},
    },
    "mse-step": {"loss": {"kind": "mse"}, "prefactor": {"step": {"a": 4000, "b": 10}}},
    "huber-step": {"loss": {"kind": "huber", "delta": 0.05}, "prefactor": {"step": {"a": 6000, "b": 1}}},
}  # fmt: skip
TRANSFORMS = {
    "sqrt": "sqrt",
    "log10": {"log10": {"floor": 1e-6}},
    "log10-3": {"log10": {"floor": 1e-3}},
    "power": {"power": {"exponent": 0.25}},
}


def sample(k):
    """Returns x and y of sample k, binary32 (rows, columns)."""
    x = np.zeros((SIDE, SIDE), np.float32)
    i, j = np.mgrid[:SIDE, :SIDE]
    for disk in range(1 + k % 3):
        counter = tuple(np.uint64(word) for word in (k, disk, 0, 0))
        words = [int(word) for word in philox_block((2026, 99), counter)]
        row, column = (RADIUS + (word * (SIDE - 2 * RADIUS) >> 32) for word in words[:2])
        value = np.float32(1 if disk == 0 else ((words[2] >> 8) + 1) / 2**24)
        inside = (i - row) ** 2 + (j - column) ** 2 <= RADIUS**2
        x = np.where(inside, np.maximum(x, value), x)
    y = x
    for _ in range(SWEEPS):
        around = np.pad(y, 1)
        total = (around[:-2, 1:-1] + around[2:, 1:-1]) + (around[1:-1, :-2] + around[1:-1, 2:])
        y = np.where(x > 0, x, total * np.float32(0.24))
    return x, y


def samples(count):
    x, y = zip(*map(sample, range(count)))
    return torch.from_numpy(np.stack(x)), torch.from_numpy(np.stack(y))


def part(values):
    flat = values.detach().double().reshape(-1)
    return flat[:: 1 if flat.numel() <= 256 else 7].numpy().astype(np.float32)


def start(training, dtype):
    model = ModelDescription((SIDE, SIDE), training.kind, training.width, training.dropout)
    network = Network(model)
    network.load_values(initial_values(model, training.seed))
    return network.to(dtype)


def make_optimiser(training, network):
    given = training.optimiser
    return torch.optim.AdamW(
        network.ordered_parameters(), given.learning_rate, (given.beta1, given.beta2), given.epsilon, given.weight_decay
    )


def step(training, network, optimiser, x, y, number, steps, steps_per_epoch):
    """One step of the optimiser; returns the loss before it, the gradient's norm and the learning rate."""
    given = training.optimiser
    rate = training.schedule.learning_rate(number, given.learning_rate, steps, steps_per_epoch)
    optimiser.param_groups[0]["lr"] = rate
    network.train()
    optimiser.zero_grad()
    prefactor = prefactor_of_epoch(training.prefactor, number // steps_per_epoch, training.seed)
    loss = losses.training_loss(training.loss, prefactor, network(x), losses.forward(training.transform, y))
    loss.backward()
    limit = given.clip_norm if given.clip_norm is not None else float("inf")
    norm = torch.nn.utils.clip_grad_norm_(network.ordered_parameters(), limit)
    optimiser.step()
    return loss.item(), norm.item(), rate


def ten_steps(document, dtype):
    """Returns everything about one network, computed in `dtype`: arrays by name, and the facts."""
    training = parse_training(document)
    network = start(training, dtype)
    model = network.model
    initial = {name: torch.from_numpy(value) for name, value in initial_values(model, training.seed).items()}
    x, y = (field.to(dtype) for field in samples(BATCH))
    found = {"x": x, "y": y}

    network.eval()
    found["prediction"] = network(x).detach()
    network.train()
    output = network(x)
    output.retain_grad()
    prefactor = prefactor_of_epoch(training.prefactor, 0, training.seed)
    loss = losses.training_loss(training.loss, prefactor, output, losses.forward(training.transform, y))
    loss.backward()
    found["output"], found["output_gradient"] = output.detach(), output.grad
    named = network._named()
    whole = {f"gradient.{t.name}": named[t.name].grad.clone() for t in model.parameters}
    statistics = [t.name for t in model.tensors if not t.is_parameter]
    whole |= {f"statistics.{name}": named[name].clone() for name in statistics}

    network = start(training, dtype)
    named = network._named()
    optimiser = make_optimiser(training, network)
    told = [step(training, network, optimiser, x, y, number, training.epochs, 1) for number in range(training.epochs)]
    whole |= {f"adam.{t.name}": named[t.name].detach() for t in model.tensors}
    facts = {
        "train": document,
        "parameters": sum(t.size for t in model.parameters),
        "loss": loss.item(),
        "losses": [one[0] for one in told],
        "norms": [one[1] for one in told],
        "learning_rates": [one[2] for one in told],
        "gradient_squares": {t.name: (whole[f"gradient.{t.name}"].double() ** 2).sum().item() for t in model.parameters},
        "adam_squares": {
            t.name: ((whole[f"adam.{t.name}"].double() - initial[t.name].double()) ** 2).sum().item()
            for t in model.parameters
        },
    }
    whole |= {f"initial.{name}": value for name, value in initial.items()}
    return found, whole, facts


def distance(a, b):
    a, b = a.double(), b.double()
    return (torch.linalg.vector_norm(a - b) / torch.linalg.vector_norm(b)).item()


def curve(document, dtype):
    """Trains on samples 0 … LEARN − 1 in the order of the seed, the last batch of an epoch smaller; judges each epoch."""
    training = parse_training(document)
    network = start(training, dtype)
    optimiser = make_optimiser(training, network)
    x, y = (field.to(dtype) for field in samples(LEARN + JUDGE))
    judged = slice(LEARN, LEARN + JUDGE)
    steps_per_epoch = -(-LEARN // training.batch)
    steps, number, lines = steps_per_epoch * training.epochs, 0, []
    for epoch in range(training.epochs):
        order = Order(training.seed).indices(np.arange(LEARN), LEARN, epoch)
        total = 0.0
        for first in range(0, LEARN, training.batch):
            chosen = torch.from_numpy(order[first : first + training.batch])
            told = step(training, network, optimiser, x[chosen], y[chosen], number, steps, steps_per_epoch)
            total += told[0] * len(chosen)
            number += 1
        network.eval()
        prefactor = prefactor_of_epoch(training.prefactor, epoch, training.seed)
        with torch.no_grad():
            output = network(x[judged])
            label = losses.forward(training.transform, y[judged])
            judge_loss = losses.training_loss(training.loss, prefactor, output, label).item()
            mae = (losses.inverse(training.transform, output) - y[judged]).abs().mean().item()
        lines.append({
            "prefactor": prefactor_name(prefactor), "learning_rate": told[2], "train_loss": total / LEARN,
            "judge_loss": judge_loss, "judge_mae": mae,
        })  # fmt: skip
    return {"train": document, "epochs": lines}


def loss_cases():
    """Returns the arrays and the facts of losses and transforms."""
    counters = np.arange(128, dtype=np.uint64)
    zero = np.zeros_like(counters)
    words = philox_block((SEED, 98), (counters, zero, zero, zero))
    uniform = [(word >> np.uint64(8)).astype(np.float32) * np.float32(2.0**-24) for word in words[:2]]
    label = uniform[0].reshape(2, 8, 8)
    label[0, 0, :4] = (0, 1, 2**-20, 0.5)
    output = (label + (uniform[1].reshape(2, 8, 8) - np.float32(0.5)) * np.float32(0.8)).astype(np.float32)
    found, facts, transforms = {"output": output, "label": label}, [], []
    for name, case in LOSSES.items():
        training = parse_training({"model": {"kind": "u-net"}, **case})
        leaf = torch.from_numpy(output).double().requires_grad_()
        value = losses.training_loss(training.loss, training.prefactor, leaf, torch.from_numpy(label).double())
        value.backward()
        found[f"gradient.{name}"] = leaf.grad.numpy().astype(np.float32)
        facts.append({"name": name, **case, "value": value.item()})
    y = label.reshape(-1)[:64]
    found["y"] = y
    for name, case in TRANSFORMS.items():
        transform = parse_transform(case)
        forward = losses.forward(transform, torch.from_numpy(y).double())
        back = losses.inverse(transform, torch.from_numpy(output).double())
        found[f"transformed.{name}"] = forward.numpy().astype(np.float32)
        found[f"inverse.{name}"] = back.numpy().astype(np.float32)
        transforms.append({"name": name, "transform": case})
    return found, facts, transforms


def main(folder):
    torch.set_num_threads(1)
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    document = {"made_with": {"torch": torch.__version__, "numpy": np.__version__}, "networks": {}}
    for name, training in NETWORKS.items():
        fields, whole, facts = ten_steps(training, torch.float64)
        fields_32, whole_32, _ = ten_steps(training, torch.float32)
        facts["binary32"] = {
            group: max(
                distance({**fields_32, **whole_32}[key], value)
                for key, value in {**fields, **whole}.items()
                if key.split(".")[0] == group and value.any()
            )
            for group in ("output", "prediction", "output_gradient", "gradient", "statistics", "adam")
        }
        document["networks"][name] = facts
        arrays = {key: value.double().numpy().astype(np.float32) for key, value in fields.items()}
        arrays |= {key: part(value) for key, value in whole.items()}
        write_arrays(folder / f"{name}.safetensors", arrays, {})
    arrays, document["losses"], document["transforms"] = loss_cases()
    write_arrays(folder / "losses.safetensors", arrays, {})
    document["sums"] = samples(LEARN + JUDGE)[1].double().sum(dim=(1, 2)).tolist()
    document["curves"] = []
    for training in CURVES:
        found, exact = curve(training, torch.float32), curve(training, torch.float64)
        names = ("train_loss", "judge_loss", "judge_mae")
        found["binary32"] = max(
            abs(a[name] / b[name] - 1) for a, b in zip(found["epochs"], exact["epochs"]) for name in names
        )
        document["curves"].append(found)
    (folder / "learning.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
