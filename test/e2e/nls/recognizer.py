"""NlsSpeechRecognizer: hears one sentence."""

import nls
from events import client, frames, options, tell, told

given = options()
recognizer = nls.NlsSpeechRecognizer(
    **client(given),
    on_start=told("start"),
    on_result_changed=told("changed"),
    on_completed=told("completed"),
    on_error=told("error"),
    on_close=told("close"),
)
recognizer.start(**given["start"], timeout=60)
try:
    for frame in frames(given["audio"]):
        recognizer.send_audio(frame)
except Exception as error:  # The SDK raises where it was not let in.
    tell("raised", type=type(error).__name__)
else:
    recognizer.stop(timeout=60)
    tell("stopped")
