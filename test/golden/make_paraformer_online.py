"""Makes paraformer-online.json: what FunASR's own runtime writes down with the graphs of
test/support/dense-paraformer.ts for test/fixtures/speech-16k.wav, chunk by chunk.

Usage: python make_paraformer_online.py <folder of the graphs>
(funasr-onnx 0.4.3, kaldi-native-fbank 1.23.0, onnxruntime 1.31.1)
"""

import json
import sys
import wave
from pathlib import Path

import numpy as np
from funasr_onnx.paraformer_online_bin import Paraformer

HERE = Path(__file__).parent
CLIP = HERE.parent / "fixtures" / "speech-16k.wav"
CHUNK_SAMPLES = 9600
CONFIG = """
frontend_conf: {fs: 16000, window: hamming, n_mels: 80, frame_length: 25, frame_shift: 10,
  lfr_m: 7, lfr_n: 6, dither: 0.0}
encoder_conf: {output_size: 8}
decoder_conf: {num_blocks: 2, kernel_size: 11}
predictor_conf: {threshold: 1.0, tail_threshold: 0.45}
"""


def main():
    model_dir = Path(sys.argv[1])
    (model_dir / "config.yaml").write_text(CONFIG)
    model = Paraformer(model_dir, intra_op_num_threads=1)
    with wave.open(str(CLIP)) as clip:
        samples = np.frombuffer(clip.readframes(clip.getnframes()), np.int16) / np.float32(32768)
    cache, chunks = {}, []
    # Whole chunks only: at the end FunASR repeats rows that it has heard.
    for start in range(0, len(samples) - CHUNK_SAMPLES + 1, CHUNK_SAMPLES):
        piece = samples[start : start + CHUNK_SAMPLES]
        answers = model(audio_in=piece, param_dict={"cache": cache, "is_final": False})
        chunks.append("".join(answer["preds"][0] for answer in answers))
    text = json.dumps({"chunkSamples": CHUNK_SAMPLES, "chunks": chunks}, ensure_ascii=False)
    (HERE / "paraformer-online.json").write_text(text + "\n")


main()
