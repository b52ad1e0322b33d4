"""One page of HTML about a dataset, a training or rounds, which needs no network: `steadyset report DIR`."""

from .writing import write_report

__all__ = ["write_report"]
