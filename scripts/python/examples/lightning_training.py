"""Trains a small network on a dataset with PyTorch Lightning: a data module, symmetry as augmentation, a shared order.

pip install 'steadyset[torch]' lightning
python lightning_training.py DATASET [EPOCHS]
"""

from __future__ import annotations

import sys

import lightning
import steadyset
import torch
from steadyset.torch import TorchSampler
from steadyset.transforms import RandomSymmetry
from torch.utils.data import DataLoader


class FieldsModule(lightning.LightningDataModule):
    """Training, validation and test part of a dataset, as batches (samples, 1, rows, columns) of x and y."""

    def __init__(self, location: str, batch: int = 32, workers: int = 0) -> None:
        super().__init__()
        self.location, self.batch, self.workers = location, batch, workers

    def setup(self, stage: str) -> None:
        self.dataset = steadyset.open(self.location)

    def train_dataloader(self) -> DataLoader:
        train = self.dataset.select("train").to_torch(RandomSymmetry(self.dataset.physics))
        # Every process of a distributed training takes its own share of one order.
        sampler = TorchSampler(
            len(train), steadyset.Order(seed=1), rank=self.trainer.global_rank, ranks=self.trainer.world_size
        )
        return DataLoader(train, self.batch, sampler=sampler, num_workers=self.workers)

    def val_dataloader(self) -> DataLoader:
        return DataLoader(self.dataset.to_torch(part="validation"), self.batch, num_workers=self.workers)

    def test_dataloader(self) -> DataLoader:
        return DataLoader(self.dataset.to_torch(part="test"), self.batch, num_workers=self.workers)


class SmallNetwork(lightning.LightningModule):
    """Three convolutions: an example, not a good model."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(1, 8, 9, padding=4), torch.nn.ReLU(), torch.nn.Conv2d(8, 8, 9, padding=4), torch.nn.ReLU(),
            torch.nn.Conv2d(8, 1, 9, padding=4),
        )  # fmt: skip

    def _error(self, batch: tuple[torch.Tensor, torch.Tensor], name: str) -> torch.Tensor:
        x, y = batch
        error = torch.nn.functional.l1_loss(self.layers(x), y)
        self.log(name, error, on_epoch=True, on_step=False)
        return error

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], number: int) -> torch.Tensor:
        return self._error(batch, "train_mae")

    def validation_step(self, batch: tuple[torch.Tensor, torch.Tensor], number: int) -> None:
        self._error(batch, "validation_mae")

    def test_step(self, batch: tuple[torch.Tensor, torch.Tensor], number: int) -> None:
        self._error(batch, "test_mae")

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), 3e-3)


def main() -> None:
    location, epochs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    lightning.seed_everything(1, verbose=False)
    # The sampler divides the samples among processes itself.
    trainer = lightning.Trainer(
        max_epochs=epochs, use_distributed_sampler=False, logger=False, enable_checkpointing=False, enable_progress_bar=False
    )
    module, network = FieldsModule(location), SmallNetwork()
    trainer.fit(network, module)
    print(f"train_mae {trainer.callback_metrics['train_mae']:.4f}")
    [found] = trainer.test(network, module, verbose=False)
    print(f"test_mae {found['test_mae']:.4f}")


if __name__ == "__main__":
    main()
