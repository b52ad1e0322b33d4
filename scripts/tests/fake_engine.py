"""An engine for tests of the client: it speaks the protocol, and ends, waits or lies when it is told to.

    fill   writes `value` into `count` floats at `into.x`, and waits until the file `until` is there, where it is named
    sum    returns the sum of `count` bytes at `at`, and the number that the definition has
    end    says `words` on standard error, removes the file `while`, and ends by `signal`; without that file it answers
    fail   returns an error

The environment variable FAKE_ENGINE replaces members of the greeting.
"""

import json
import mmap
import os
import pathlib
import struct
import sys
import time


def main():
    if sys.argv[1:3] != ["engine", "--memory"]:
        sys.exit(f"steadyset: error: there is no command '{sys.argv[1]}'")
    memory, contexts = int(sys.argv[3]), {}
    greeting = {"engine": 2, "version": "0.1.0", **json.loads(os.environ.get("FAKE_ENGINE", "{}"))}
    send(greeting)
    while True:
        request = receive()
        what = request["do"]
        shared = mmap.mmap(memory, 0) if os.fstat(memory).st_size else b""
        send(answer(what, request, shared, contexts))


def answer(what, request, shared, contexts):
    if what == "define":
        contexts[request["name"]] = dict(request)
        for array in request.get("coefficients", []):
            contexts[request["name"]]["number"] = shared[array["at"]]
        return {"number": contexts[request["name"]].get("number"), "told": len(contexts), "process": os.getpid()}
    if what == "forget":
        del contexts[request["name"]]
        return {}
    number = contexts[request["with"]].get("number") if "with" in request else None
    if what == "fill":
        at, count = request["into"]["x"], request["count"]
        while "until" in request and not os.path.exists(request["until"]):
            time.sleep(0.001)
        shared[at : at + 4 * count] = struct.pack("<f", request["value"]) * count
        return {"number": number, "process": os.getpid()}
    if what == "sum":
        at, count = request["at"], request["count"]
        return {"sum": sum(shared[at : at + count]), "number": number, "process": os.getpid()}
    if what == "repair":
        at = request["field"]
        (value,) = struct.unpack("<f", shared[at : at + 4])
        shared[at : at + 4] = struct.pack("<f", 2 * value)
        return end(request)
    if what == "end":
        return end(request)
    if what == "fail":
        return {"error": {"kind": request["kind"], "message": "no good", "sample": request.get("sample")}}
    return {"error": {"kind": "usage", "message": f"there is no '{what}'"}}


def end(request):
    file = pathlib.Path(request["while"])
    if file.exists():
        if request.get("once", True):
            file.unlink()
        print(request.get("words", ""), file=sys.stderr, flush=True)
        os.kill(os.getpid(), request["signal"])
    return {"process": os.getpid()}


def receive():
    (length,) = struct.unpack("<Q", exactly(8))
    return json.loads(exactly(length))


def exactly(length):
    data = b""
    while len(data) < length:
        part = os.read(0, length - len(data))
        if not part:
            sys.exit(0)
        data += part
    return data


def send(message):
    body = json.dumps(message).encode()
    data = struct.pack("<Q", len(body)) + body
    while data:
        data = data[os.write(0, data) :]


if __name__ == "__main__":
    main()
