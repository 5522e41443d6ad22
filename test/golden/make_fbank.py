"""Makes fbank.json: numbers of Kaldi's filter bank for test/fixtures/speech-16k.wav.

Usage: python make_fbank.py     (kaldi-native-fbank 1.23.0, numpy 2.4.6)
"""

import json
import wave
from pathlib import Path

import kaldi_native_fbank as knf
import numpy as np

HERE = Path(__file__).parent
CLIP = HERE.parent / "fixtures" / "speech-16k.wav"
FRAMES_EVERY, BANDS_EVERY = 37, 7


def fbank(samples, window):
    options = knf.FbankOptions()
    options.frame_opts.samp_freq = 16000
    options.frame_opts.dither = 0
    options.frame_opts.window_type = window
    options.frame_opts.snip_edges = True
    options.mel_opts.num_bins = 80
    options.energy_floor = 0
    computer = knf.OnlineFbank(options)
    computer.accept_waveform(16000, samples.tolist())
    return np.stack([computer.get_frame(i) for i in range(computer.num_frames_ready)])


def low_frame_rate(frames, stack=7, shift=6):
    pad = (stack - 1) // 2
    rows = -(-len(frames) // shift)
    at = np.arange(rows)[:, None] * shift + np.arange(stack)[None, :] - pad
    return frames[np.clip(at, 0, len(frames) - 1)].reshape(rows, -1)


def sampled(values, rows, columns):
    return [float(f"{value:.7g}") for value in values[::rows, ::columns].ravel()]


def main():
    with wave.open(str(CLIP)) as clip:
        samples = np.frombuffer(clip.readframes(clip.getnframes()), np.int16).astype(np.float32)
    golden = {"framesEvery": FRAMES_EVERY, "bandsEvery": BANDS_EVERY}
    for window in ("hamming", "povey"):
        frames = fbank(samples, window)
        golden["frames"] = len(frames)
        golden[window] = sampled(frames, FRAMES_EVERY, BANDS_EVERY)
        if window == "hamming":
            stacked = low_frame_rate(frames)
            golden["rows"] = len(stacked)
            golden["lastRow"] = sampled(stacked[-1:], 1, BANDS_EVERY)
            golden["firstRow"] = sampled(stacked[:1], 1, BANDS_EVERY)
    (HERE / "fbank.json").write_text(json.dumps(golden) + "\n")


main()
