"""What notebooks show of datasets, samples, solutions and streams: a table of facts, and a picture of x and y."""

from .page import dataset_page, sample_page, solution_page, stream_page

__all__ = ["dataset_page", "sample_page", "solution_page", "stream_page"]
