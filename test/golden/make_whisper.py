"""Makes whisper.json: numbers of the reference implementation for test/fixtures/speech-16k.wav.

Usage: python make_whisper.py <models folder>     (faster-whisper 1.2.1, ctranslate2 4.8.5)
"""

import json
import sys
import wave
from pathlib import Path

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.feature_extractor import FeatureExtractor

HERE = Path(__file__).parent
MODELS = Path(sys.argv[1])
CLIP = HERE.parent / "fixtures" / "speech-16k.wav"


def rounded(values, digits=6):
    return [float(f"{value:.{digits}g}") for value in np.asarray(values).ravel()]


def read_clip():
    with wave.open(str(CLIP)) as clip:
        return np.frombuffer(clip.readframes(clip.getnframes()), np.int16) / np.float32(32768)


def filters(mels):
    bank = FeatureExtractor.get_mel_filters(16000, 400, mels)
    peaks = bank.argmax(axis=1)
    return {
        "first": [int(np.flatnonzero(row)[0]) for row in bank],
        "peak": [int(peak) for peak in peaks],
        "peakValue": rounded(bank.max(axis=1)),
        "sum": rounded(bank.sum(axis=1)),
    }


def features(samples):
    """Padded as for one window: content, then zeros in the feature domain up to 30 s."""
    mel = FeatureExtractor()(samples)[:, :-1][:, :3000]
    return np.pad(mel, ((0, 0), (0, 3000 - mel.shape[1]))).astype(np.float32)


def network(name, mel, prompt):
    model = ctranslate2.models.Whisper(
        str(MODELS / name), device="cpu", compute_type="float32", inter_threads=1, intra_threads=1
    )
    view = ctranslate2.StorageView.from_array(np.ascontiguousarray(mel[None]))
    hidden = np.array(model.encode(view, to_cpu=True))[0]
    result = model.generate(
        view, [prompt], beam_size=1, max_length=len(prompt) + 1, suppress_blank=False,
        suppress_tokens=[], max_initial_timestamp_index=1500, return_logits_vocab=True,
        return_no_speech_prob=True,
    )[0]
    logits = np.array(result.logits[0][0]).ravel()
    top = np.argsort(-logits)[:10]
    return {
        "prompt": prompt,
        "hiddenEvery": [100, 16],
        "hidden": rounded(hidden[::100, ::16]),
        "topIds": [int(one) for one in top],
        "topLogits": rounded(logits[top]),
        "logitsEvery": 997,
        "logits": rounded(logits[::997]),
        "noSpeechProb": float(f"{result.no_speech_prob:.6g}"),
    }


def transcript(name):
    model = WhisperModel(str(MODELS / name), device="cpu", compute_type="int8", cpu_threads=1)
    segments, info = model.transcribe(str(CLIP), beam_size=1, temperature=0, condition_on_previous_text=False)
    rows = [{"start": one.start, "end": one.end, "text": one.text, "avgLogprob": one.avg_logprob} for one in segments]
    return {"language": info.language, "languageProbability": info.language_probability, "segments": rows}


def words(name):
    model = WhisperModel(str(MODELS / name), device="cpu", compute_type="float32", cpu_threads=1)
    segments, _ = model.transcribe(
        str(CLIP), beam_size=1, temperature=0, condition_on_previous_text=False, word_timestamps=True
    )
    return [
        {"word": one.word, "start": float(one.start), "end": float(one.end), "probability": rounded([one.probability])[0]}
        for segment in segments
        for one in segment.words
    ]


samples = read_clip()
mel = features(samples)
golden = {
    "_about": "Made by make_whisper.py with faster-whisper 1.2.1 and ctranslate2 4.8.5 (float32).",
    "samples": len(samples),
    "filters80": filters(80),
    "filters128": filters(128),
    "melEvery": [9, 37],
    "mel": rounded(mel[::9, ::37]),
    "whisper-tiny.en": network("whisper-tiny.en", mel, [50257, 50362]),
    "whisper-base": network("whisper-base", mel, [50258, 50259, 50359, 50363]),
    "words": {name: words(name) for name in ("whisper-tiny.en", "whisper-base")},
    "transcripts": {name: transcript(name) for name in ("whisper-tiny.en", "whisper-base")},
}
(HERE / "whisper.json").write_text(json.dumps(golden) + "\n")
