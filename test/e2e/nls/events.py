"""What the programs here have in common: each drives one class of Alibaba's SDK as its examples do
and prints, one JSON object a line, what that calls back."""

import json
import sys
import threading

_lock = threading.Lock()


def tell(event, **fields):
    with _lock:
        print(json.dumps({"event": event, **fields}), flush=True)


def told(event):
    """A callback that prints the message it gets, if it gets one."""

    def callback(message=None, *_):
        tell(event, **({} if message is None else {"message": json.loads(message)}))

    return callback


class Audio:
    """A callback that keeps the audio, and prints how much of it came at a time."""

    def __init__(self, path):
        self._file = open(path, "wb")

    def __call__(self, data, *_):
        self._file.write(data)
        self._file.flush()
        tell("data", bytes=len(data))


def options():
    """The first argument: a JSON object."""
    return json.loads(sys.argv[1])


def client(given):
    """What every class of the SDK is made with."""
    return {name: given[name] for name in ("url", "token", "appkey")}


def frames(path, size=640):
    """Raw audio by the piece, 20 ms at 16 kHz."""
    with open(path, "rb") as audio:
        while frame := audio.read(size):
            yield frame
