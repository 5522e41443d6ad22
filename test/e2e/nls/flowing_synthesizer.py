"""NlsStreamInputTtsSynthesizer: speaks a text that comes in pieces."""

import nls
from events import Audio, client, options, tell, told

given = options()
synthesizer = nls.NlsStreamInputTtsSynthesizer(
    **client(given),
    on_data=Audio(given["output"]),
    on_sentence_begin=told("begin"),
    on_sentence_synthesis=told("synthesis"),
    on_sentence_end=told("end"),
    on_completed=told("completed"),
    on_error=told("error"),
    on_close=told("close"),
)
synthesizer.startStreamInputTts(**given["start"])
tell("started")
try:
    for piece in given["texts"]:
        synthesizer.sendStreamInputTts(piece)
    synthesizer.stopStreamInputTts()
    tell("stopped")
except Exception as error:  # The SDK raises where the task has failed.
    tell("raised", type=type(error).__name__)
