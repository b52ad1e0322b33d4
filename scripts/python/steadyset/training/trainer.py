"""Training with PyTorch: epochs, the best of them, checkpoints."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import pathlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from .. import __version__
from ..canonical import canonical
from ..dataset import Dataset
from ..order import Order
from ..samples import Samples
from ..wholefile import write_whole
from . import losses
from .architecture import ModelDescription, initial_values
from .checkpoint import Checkpoint, identity
from .choice import choose
from .description import Prefactor, TrainingDescription, prefactor_name, prefactor_of_epoch
from .endless import CuratedLoader, EndlessLoader, stream_of
from .errors import TrainingError
from .loader import LoadedBatch, Loader, Source
from .network import Network
from .options import PRECISIONS, Options
from .processes import Processes
from .weights import FloatArray, check_values, write_weights

@dataclass
class _State:
    """Where a training stands, besides the network and the optimiser."""

    epoch: int = 0
    step: int = 0
    best_epoch: int = 0
    best_value: float = math.inf
    best_digest: str = ""
    lines: list[dict[str, Any]] = field(default_factory=list)


class Trainer:
    """A training of one network on one dataset into one folder."""

    def __init__(
        self,
        training: TrainingDescription,
        dataset: Dataset,
        output: pathlib.Path,
        processes: Processes,
        options: Options | None = None,
    ) -> None:
        self.training, self.dataset, self.processes = training, dataset, processes
        self.options = options or Options()
        self.folder = output / "train"
        try:
            self.model = ModelDescription(dataset.lattice, training.kind, training.width, training.dropout)
        except ValueError as error:
            raise TrainingError(f"train.model does not fit the dataset: {error}") from error
        learnt, judged = choose(dataset, training)
        self._learnt: Source = self._endless() if learnt is None else self._loader(learnt)
        self._judged = None if judged is None else self._loader(judged)
        self.network = Network(self.model)
        self.network.load_values(initial_values(self.model, training.seed))
        on_gpu = processes.device.type == "cuda"
        layout = torch.channels_last if on_gpu else torch.contiguous_format
        self.network.to(processes.device, memory_format=layout)
        self._wrapped = processes.wrap(self.network)
        given = training.optimiser
        self._optimiser = torch.optim.AdamW(
            self.network.ordered_parameters(), given.learning_rate, (given.beta1, given.beta2), given.epsilon,
            given.weight_decay, fused=on_gpu,
        )  # fmt: skip
        scaled = self.options.precision == "float16"
        self._scaler = torch.amp.GradScaler(processes.device.type, enabled=scaled)
        self._checkpoint = Checkpoint(output / ".steadyset", identity(training, dataset.id, self._learnt.count))
        self._state = _State()

    def _loader(self, samples: Samples) -> Loader:
        return Loader(samples, self.training.batch, threads=self.options.threads, memory=self.options.memory)

    def _endless(self) -> EndlessLoader | CuratedLoader:
        training, threads = self.training, self.options.threads
        assert training.samples_per_epoch is not None
        stream, count, batch = stream_of(self.dataset), training.samples_per_epoch, training.batch
        if training.curation is None:
            return EndlessLoader(stream, count, batch, threads=threads)
        loader = CuratedLoader(
            stream, training.curation, count, batch, training.seed, threads=threads, gather=self._over_all_processes
        )
        loader.score = self._score
        return loader

    def _over_all_processes(self, values: Any) -> Any:
        return self.processes.sum(torch.from_numpy(values).to(self.processes.device)).cpu().numpy()

    def _score(self, x: FloatArray, y: FloatArray) -> Any:
        """The loss of each candidate under the network as it is."""
        prefactor = prefactor_of_epoch(self.training.prefactor, self._state.epoch, self.training.seed)
        training = self.network.training
        self.network.eval()
        with torch.inference_mode(), self._cast():
            output = self.network(self._on_device(x)).float()
        self.network.train(training)
        label = losses.forward(self.training.transform, self._on_device(y))
        return losses.sample_losses(self.training.loss, prefactor, output, label).double().cpu().numpy()

    def run(self) -> dict[str, Any]:
        """Trains to the end, from the last checkpoint where there is one, and writes `train/weights.safetensors` (of the best
        epoch), `metrics.jsonl` and `provenance.json`. Returns the metrics of the best epoch.

        Raises `TrainingError` where a loss is not finite; the last checkpoint stays.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._resume()
        began, done = time.monotonic(), self._state.epoch
        while self._state.epoch < self.training.epochs and not self._stops():
            start = time.monotonic()
            line = self._epoch()
            seconds = time.monotonic() - start
            if self.processes.first:
                rate = self._learnt.count / seconds
                self.options.report(
                    f"epoch {line['epoch']} of {self.training.epochs}: {line['train_loss']:.6g} in training, "
                    f"{line['judge_loss']:.6g} judged, {rate:.0f} samples/s" if line["judge_loss"] is not None else
                    f"epoch {line['epoch']} of {self.training.epochs}: {line['train_loss']:.6g} in training, {rate:.0f} samples/s"
                )  # fmt: skip
        seconds = time.monotonic() - began
        if self.processes.first:
            self._finish(seconds, self._state.epoch - done)
        self.processes.wait()
        return self._state.lines[self._state.best_epoch - 1]

    def _stops(self) -> bool:
        stop = self.training.early_stop
        return stop is not None and self._state.epoch - self._state.best_epoch >= stop and self._state.epoch > 0

    def _epoch(self) -> dict[str, Any]:
        epoch = self._state.epoch
        prefactor = prefactor_of_epoch(self.training.prefactor, epoch, self.training.seed)
        loss, rate = self._learn(epoch, prefactor)
        design = self._learnt.learn() if isinstance(self._learnt, CuratedLoader) else None
        judged = self._judge(prefactor)
        self._state.epoch += 1
        line = {
            "epoch": epoch + 1, "steps": self._state.step, "learning_rate": rate, "train_loss": loss,
            "judge_loss": judged[0], "judge_mae": judged[1], "prefactor": prefactor_name(prefactor),
        }  # fmt: skip
        if design is not None:
            line["design_loss"] = design
        self._state.lines.append(line)
        self._check_weights(epoch + 1)
        value = judged[0] if self.training.best_by == "loss" else judged[1]
        better = value is None or value < self._state.best_value
        if better:
            self._state.best_epoch = epoch + 1
            self._state.best_value = math.inf if value is None else value
        if self.processes.first:
            if better:
                self._write_weights(self._checkpoint.best, epoch + 1)
                self._state.best_digest = hashlib.sha256(self._checkpoint.best.read_bytes()).hexdigest()
            self._save()
        self.processes.wait()
        return line

    def _learn(self, epoch: int, prefactor: Prefactor) -> tuple[float, float]:
        """Makes the steps of an epoch; returns the mean loss over its samples and the last learning rate."""
        training, processes = self.training, self.processes
        per_epoch = self._learnt.batches
        noise = torch.Generator(processes.device).manual_seed(_mixed(training.seed, epoch, processes.rank, 19))
        torch.manual_seed(_mixed(training.seed, epoch, processes.rank, 18))  # dropout
        self._wrapped.train()
        told, rate, learnt = [], 0.0, 0
        for batch in self._learnt.epoch(Order(training.seed), epoch, processes.rank, processes.count):
            rate = training.schedule.learning_rate(
                self._state.step, training.optimiser.learning_rate, training.epochs * per_epoch, per_epoch
            )
            self._optimiser.param_groups[0]["lr"] = rate
            share, whole = len(batch.index), self._whole(batch, epoch)
            learnt += whole
            x, y = self._on_device(batch.x), self._on_device(batch.y)
            if share == 0:  # every process takes part in every step
                x, y = (torch.zeros((1, *self.dataset.lattice), device=processes.device) for _ in range(2))
            label = losses.forward(training.transform, y)
            if training.label_noise > 0:
                drawn = torch.randn(label.shape, generator=noise, device=processes.device)
                label = label + training.label_noise * drawn
            self._optimiser.zero_grad(set_to_none=True)
            with self._cast():
                output = self._wrapped(x)
            loss = self._loss(batch, prefactor, output.float(), label)
            # Processes' gradients are averaged; this makes the average the gradient of the whole batch's mean.
            self._scaler.scale(loss * (share * processes.count / whole)).backward()
            if training.optimiser.clip_norm is not None:
                self._scaler.unscale_(self._optimiser)
                torch.nn.utils.clip_grad_norm_(self.network.parameters(), training.optimiser.clip_norm)
            self._scaler.step(self._optimiser)
            self._scaler.update()
            self._state.step += 1
            told.append(processes.sum(loss.detach().double() * share))
        losses_of_batches = torch.stack(told).cpu()
        bad = torch.nonzero(~torch.isfinite(losses_of_batches))
        if len(bad):
            number = int(bad[0])
            raise TrainingError(
                f"the loss of step {number + 1} in epoch {epoch + 1} is not finite: {self._names(epoch, number)}. The checkpoint "
                f"of the epoch before is kept; a lower learning rate, or clip_norm, may help"
            )
        return float(losses_of_batches.sum() / learnt), rate

    def _loss(
        self, batch: LoadedBatch, prefactor: Prefactor, output: torch.Tensor, label: torch.Tensor
    ) -> torch.Tensor:
        """The mean loss of a share of a batch; where draws are curated, what each sample's was is reported."""
        training = self.training
        if training.curation is None or not len(batch.index):
            return losses.training_loss(training.loss, prefactor, output, label)
        each = losses.sample_losses(training.loss, prefactor, output, label)
        assert isinstance(self._learnt, CuratedLoader) and batch.weights is not None
        self._learnt.report(batch, each.detach().double().cpu().numpy())
        return (each * self._on_device(batch.weights)).mean() if training.curation.unbiased else each.mean()

    def _whole(self, batch: LoadedBatch, epoch: int) -> int:
        """Returns how many samples all processes have of a batch."""
        whole = batch.whole
        if whole is None:
            count = torch.tensor(len(batch.index), dtype=torch.float64, device=self.processes.device)
            whole = int(self.processes.sum(count))
        if whole == 0:
            raise TrainingError(
                f"a whole batch of epoch {epoch + 1} has no sample: all that would be drawn are held out, or cannot be "
                "certified; choose a larger batch, or widen what is drawn from"
            )
        return whole

    def _names(self, epoch: int, number: int) -> str:
        ids = self._learnt.names(Order(self.training.seed), epoch, number)
        return f"samples {', '.join(ids[:3])}{', …' if len(ids) > 3 else ''}"

    def _judge(self, prefactor: Prefactor) -> tuple[float | None, float | None]:
        """Returns the loss and the mean absolute error of the judging part."""
        if self._judged is None:
            return None, None
        self._wrapped.eval()
        sums = torch.zeros(2, dtype=torch.float64, device=self.processes.device)
        ordered = Order(shuffle=False)
        with torch.inference_mode():
            for batch in self._judged.epoch(ordered, 0, self.processes.rank, self.processes.count):
                if not len(batch.index):
                    continue
                x, y = self._on_device(batch.x), self._on_device(batch.y)
                with self._cast():
                    output = self.network(x)
                output = output.float()
                label = losses.forward(self.training.transform, y)
                loss = losses.training_loss(self.training.loss, prefactor, output, label)
                error = (losses.inverse(self.training.transform, output) - y).abs().mean()
                sums += torch.stack((loss, error)).double() * len(batch.index)
        loss_sum, error_sum = self.processes.sum(sums).tolist()
        count = len(self._judged.samples)
        if not (math.isfinite(loss_sum) and math.isfinite(error_sum)):
            raise TrainingError(f"the loss of the {self.training.judge} part is not finite after epoch {self._state.epoch + 1}")
        return loss_sum / count, error_sum / count

    def _on_device(self, fields: FloatArray) -> torch.Tensor:
        return torch.from_numpy(fields).to(self.processes.device, non_blocking=True)

    @contextlib.contextmanager
    def _cast(self) -> Iterator[None]:
        precision = PRECISIONS[self.options.precision]
        with torch.autocast(self.processes.device.type, precision, enabled=precision is not torch.float32):
            yield

    def _resume(self) -> None:
        found = self._checkpoint.load(self.processes.device)
        if found is None:
            return
        try:
            self.network.load_state_dict(found["network"])
            self._optimiser.load_state_dict(found["optimiser"])
            self._scaler.load_state_dict(found["scaler"])
            self._state = _State(**found["state"])
            if isinstance(self._learnt, CuratedLoader):
                self._learnt.resume(found["curation"], self._state.epoch)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise self._checkpoint.damaged() from error
        if self.processes.first:
            self._checkpoint.best_weights(self._state.best_digest)
        if self.processes.first:
            self.options.report(f"continues after epoch {self._state.epoch}")

    def _save(self) -> None:
        self._checkpoint.save({
            "network": self.network.state_dict(), "optimiser": self._optimiser.state_dict(),
            "scaler": self._scaler.state_dict(), "state": self._state.__dict__,
            **({"curation": self._learnt.state()} if isinstance(self._learnt, CuratedLoader) else {}),
        })  # fmt: skip
        if isinstance(self._learnt, CuratedLoader):
            _write_text(self.folder / "curation.jsonl", self._learnt.log)
        _write_text(self.folder / "metrics.jsonl", "".join(canonical(line) + "\n" for line in self._state.lines))

    def _check_weights(self, epoch: int) -> None:
        """The losses of an epoch do not tell what its last step made of the weights."""
        try:
            check_values(self.model, self.network.values(), f"the weights after epoch {epoch}")
        except TrainingError as error:
            raise TrainingError(
                f"{error}. The checkpoint of the epoch before is kept; a lower learning rate, or clip_norm, may help"
            ) from error

    def _write_weights(self, path: pathlib.Path, epoch: int) -> None:
        facts = {"physics": canonical(self.dataset.physics), "trained_on": self.dataset.id, "epoch": str(epoch)}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_weights(path, self.model, self.training.transform, self.network.values(), facts)

    def _finish(self, seconds: float, epochs: int) -> None:
        write_whole(self.folder / "weights.safetensors", [self._checkpoint.best_weights(self._state.best_digest)])
        provenance = {
            "program": f"steadyset.training {__version__}", "torch": torch.__version__,
            "device": str(self.processes.device), "processes": self.processes.count, "precision": self.options.precision,
            "seconds": seconds, "epochs": epochs,
            "samples_per_second": epochs * self._learnt.count / seconds if seconds > 0 else None,
        }  # fmt: skip
        _write_text(self.folder / "provenance.json", json.dumps(provenance, indent=2) + "\n")


def _mixed(*numbers: int) -> int:
    """A seed of a few small numbers; PyTorch's generators are not those of the Swift trainer."""
    value = 0
    for number in numbers:
        value = (value * 0x100000001B3 + number + 1) % 2**63
    return value


def _write_text(path: pathlib.Path, text: str) -> None:
    write_whole(path, [text.encode()])
