"""Writes the phonemes and ids that the reference implementations make of the sentences beside it.

Run with an interpreter that has piper-tts==1.8.0 and kokoro-onnx:
    python test/golden/make_phonemes.py VOICE.onnx VOICE.onnx.json
"""

import importlib.metadata
import json
import pathlib
import sys

from kokoro_onnx.tokenizer import Tokenizer
from piper import PiperVoice

here = pathlib.Path(__file__).parent
sentences = json.loads((here / "sentences.json").read_text())
voice = PiperVoice.load(sys.argv[1], config_path=sys.argv[2])
kokoro = Tokenizer()


def write(name: str, about: str, rows: list) -> None:
    body = {"_about": about, "rows": rows}
    (here / name).write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n")


versions = {p: importlib.metadata.version(p) for p in ("piper-tts", "kokoro-onnx")}
write(
    "piper-ids.json",
    f"made by make_phonemes.py with piper-tts {versions['piper-tts']}, en_US-joe-medium; per sentence a list per clause group",
    [
        {
            "text": text,
            "phonemes": ["".join(group) for group in voice.phonemize(text)],
            "ids": [voice.phonemes_to_ids(group) for group in voice.phonemize(text)],
        }
        for text in sentences
    ],
)
write(
    "kokoro-ids.json",
    f"made by make_phonemes.py with kokoro-onnx {versions['kokoro-onnx']}, en-us",
    [
        {"text": text, "phonemes": phonemes, "ids": kokoro.tokenize(phonemes)}
        for text in sentences
        for phonemes in [kokoro.phonemize(text)]
    ],
)
