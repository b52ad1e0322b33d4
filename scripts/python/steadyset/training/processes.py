"""The processes that train together: one, or those that torchrun started, each with a device of its own."""

from __future__ import annotations

import os
import sys
from types import TracebackType

import torch
import torch.distributed as distributed

from .errors import TrainingError


def chosen_device(name: str, local: int = 0) -> torch.device:
    """Returns a device of PyTorch; `auto` is GPU number `local` where there is one, else the CPU, and `cuda` is that GPU."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda":
        name = f"cuda:{local}"
        if 0 < torch.cuda.device_count() <= local:
            raise TrainingError(
                f"--device {name} cannot be used: process {local} of this machine has no GPU of its own: start as many processes "
                f"as there are GPUs ({torch.cuda.device_count()}), or train with --device cpu"
            )
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise TrainingError(f"--device {name} cannot be used: {str(error).splitlines()[0]}") from error
    return device


def failed(error: Exception) -> int:
    """Says on standard error what happened, on one line, and returns the status of the command. Signs that a terminal would
    obey, which files of strangers may bring, are written out."""
    words = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in str(error))
    print(f"steadyset.training: error: {words}", file=sys.stderr)
    return 1


def _number(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise TrainingError(f"the variable {name} is {text!a}, not a number: torchrun sets it")
    return int(text)


class Processes:
    """This process among those of a training. A context: leaving it ends the group.

    `device` names a device of PyTorch; `auto` is the process's GPU where there is one, else the CPU.
    """

    def __init__(self, device: str = "auto") -> None:
        self.rank, self.count, local = (_number(*pair) for pair in (("RANK", 0), ("WORLD_SIZE", 1), ("LOCAL_RANK", 0)))
        if not 0 <= self.rank < self.count:
            raise TrainingError(f"RANK is {self.rank}, WORLD_SIZE {self.count}: there is no such process")
        self.device = chosen_device(device, local)
        if self.device.type == "cuda":
            torch.cuda.set_device(self.device)

    def __enter__(self) -> Processes:
        if self.count > 1:
            distributed.init_process_group("nccl" if self.device.type == "cuda" else "gloo")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.count > 1:
            distributed.destroy_process_group()

    @property
    def first(self) -> bool:
        """Whether this is the process that writes files."""
        return self.rank == 0

    def sum(self, values: torch.Tensor) -> torch.Tensor:
        """Returns the sum of the processes' values."""
        if self.count > 1:
            distributed.all_reduce(values)
        return values

    def wait(self) -> None:
        """Waits for all processes."""
        if self.count > 1:
            distributed.barrier()

    def wrap(self, network: torch.nn.Module) -> torch.nn.Module:
        """Returns the network as all processes train it. On GPUs batch norm sees the whole batch; on CPUs, for which
        PyTorch has no such thing, each process its share."""
        if self.count == 1:
            return network
        if self.device.type == "cuda":
            network = torch.nn.SyncBatchNorm.convert_sync_batchnorm(network)
            return torch.nn.parallel.DistributedDataParallel(network, device_ids=[self.device.index])
        return torch.nn.parallel.DistributedDataParallel(network)
