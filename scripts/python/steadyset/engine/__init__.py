"""Engines: processes of the program `steadyset` that decode, solve and draw for this one.

A crash of such a process is an exception here, never the end of the interpreter. Fields go through memory that both share,
everything else as JSON through a socket. Engines start when they are needed, and end with this process.

    problem = engine.Definition({"what": "problem", "physics": physics, "tolerance": 1e-6, "grid_bits": 20})
    x, y = engine.empty((8, 512, 512)), engine.empty((8, 512, 512))
    request = {"do": "solve", "samples": samples, "into": {"x": x, "y": y}}
    answer = engine.call(request, problem)                     # of one engine
    answers = engine.run(requests, problem, engines=4)         # an iterable of them, by up to four engines at a time
    lattice = engine.describe(problem)["lattice"]              # what the engine said of the definition

A request is what the article *Engine* says, without `with`, and with NumPy arrays in the places of offsets. Those in `into` are
written by the engine, the `field` of a `repair` is read and replaced, all others are read; where there is a `block`, the `at` of
samples are counted from its beginning, in bytes. Arrays that `empty` gave are the
shared memory itself; any other contiguous array is copied there and back, and is written only by a request that went well.

What the engine finds wrong with what it was given raises `RequestError`, a `DatasetError` with the number of the sample. An
engine that ends is replaced and the request repeated, once; `EngineError` says how the second one ended. Any exception while
an answer is awaited, such as `KeyboardInterrupt`, ends the engines concerned. All of this may be used by several threads, and
after a fork; a child has engines of its own.
"""

from .memory import FloatArray, Shape
from .pool import empty, usable
from .requests import Definition, Members, RequestError, call, describe, run

__all__ = ["Definition", "FloatArray", "Members", "RequestError", "Shape", "call", "describe", "empty", "run", "usable"]
