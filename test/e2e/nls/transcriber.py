"""NlsSpeechTranscriber: hears a file as a microphone would bring it until there are first words, and
the rest at once."""

import threading

import nls
from events import client, frames, options, tell, told

given = options()
words = threading.Event()


def changed(message, *_):
    told("changed")(message)
    words.set()


transcriber = nls.NlsSpeechTranscriber(
    **client(given),
    on_start=told("start"),
    on_sentence_begin=told("begin"),
    on_sentence_end=told("end"),
    on_result_changed=changed,
    on_completed=told("completed"),
    on_error=told("error"),
    on_close=told("close"),
)
for _ in range(given.get("times", 1)):
    transcriber.start(**given["start"], timeout=60)
    tell("started")
    if "control" in given:
        transcriber.ctrl(**given["control"])
    for frame in frames(given["audio"]):
        transcriber.send_audio(frame)
        if not words.is_set():
            words.wait(0.02)
    transcriber.stop(timeout=60)
    tell("stopped")
