"""Makes vad.json: the spans that the reference implementation finds in made-up probabilities.

Usage: python make_vad.py     (faster-whisper 1.2.1)
"""

import json
from pathlib import Path

import numpy as np
from faster_whisper import vad

HERE = Path(__file__).parent
WINDOW = 512

OPTIONS = [
    dict(min_speech_duration_ms=250, min_silence_duration_ms=100, speech_pad_ms=30),
    dict(min_speech_duration_ms=0, min_silence_duration_ms=160, speech_pad_ms=400),
    dict(threshold=0.7, min_speech_duration_ms=100, min_silence_duration_ms=500, speech_pad_ms=200),
    dict(threshold=0.3, min_speech_duration_ms=64, min_silence_duration_ms=0, speech_pad_ms=0),
]


def walk(random, windows):
    """Somebody who speaks now and then, in noise; silent at the end, where the rules differ."""
    levels = np.repeat(random.uniform(0, 1, windows // 8), random.integers(1, 16, windows // 8))
    noisy = np.clip(levels + random.normal(0, 0.12, len(levels)), 0, 1)
    return np.concatenate([noisy, np.zeros(40)]).round(3)


def spans(values, options):
    samples = (len(values) - 1) * WINDOW
    vad.get_vad_model = lambda: lambda audio: values
    found = vad.get_speech_timestamps(np.zeros(samples, np.float32), vad.VadOptions(**options))
    return {"options": options, "spans": [[int(one["start"]), int(one["end"])] for one in found]}


values = walk(np.random.default_rng(8), 400)
golden = {
    "_about": "Made by make_vad.py with faster-whisper 1.2.1.",
    "walk": values.tolist(),
    "spans": [spans(values, options) for options in OPTIONS],
}
(HERE / "vad.json").write_text(json.dumps(golden) + "\n")
print(len(values), [len(one["spans"]) for one in golden["spans"]])
