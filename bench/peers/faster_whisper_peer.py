"""Transcribes files with faster-whisper for bench/asr, one JSON line in and one out.

Loads a folder of CTranslate2 weights once. Every line on standard input is
{"id": …, "file": path}; every answer {"id": …, "text": …}, in the order in which the work is
done. With "words": true an answer has "words" too: [{"word": …, "start": seconds, "end": seconds}].
With "vad": true silence is cut out first. As many files are worked on at once as there are workers.
Decoding is greedy: no beam, no temperature fall-back, no text of the window before as a prompt.
--batched takes the pipeline that decodes several windows at once, as it comes (eight windows,
voice activity detection, no times within a window).
"""

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from faster_whisper import BatchedInferencePipeline, WhisperModel


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True, help="folder with model.bin")
    parser.add_argument("--compute-type", default="int8", choices=["int8", "float32"])
    parser.add_argument("--workers", type=int, default=1, help="files at once")
    parser.add_argument("--threads", type=int, default=2, help="threads of each worker")
    parser.add_argument("--batched", action="store_true", help="several windows at once")
    return parser.parse_args()


def main():
    options = arguments()
    model = WhisperModel(
        options.model,
        device="cpu",
        compute_type=options.compute_type,
        cpu_threads=options.threads,
        num_workers=options.workers,
        local_files_only=True,
    )
    listener = BatchedInferencePipeline(model) if options.batched else model
    output = Lock()

    def say(answer):
        with output:
            print(json.dumps(answer), flush=True)

    def transcribe(line):
        call = json.loads(line)
        try:
            # The batched pipeline cuts silence out unless it is told not to: its own default stays.
            further = {} if options.batched else {"vad_filter": call.get("vad", False)}
            segments, _ = listener.transcribe(
                call["file"],
                language="en",
                beam_size=1,
                temperature=0.0,
                condition_on_previous_text=False,
                word_timestamps=call.get("words", False),
                **further,
            )
            # Segments come from a generator: the work is done here.
            segments = list(segments)
            answer = {"id": call["id"], "text": "".join(segment.text for segment in segments)}
            if call.get("words"):
                answer["words"] = [
                    {"word": word.word, "start": word.start, "end": word.end}
                    for segment in segments
                    for word in segment.words
                ]
            say(answer)
        except Exception as error:
            say({"id": call["id"], "error": repr(error)})

    say({"id": "ready"})
    with ThreadPoolExecutor(options.workers) as pool:
        for line in sys.stdin:
            pool.submit(transcribe, line)


if __name__ == "__main__":
    main()
