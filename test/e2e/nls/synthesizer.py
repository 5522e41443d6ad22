"""NlsSpeechSynthesizer: speaks a text, short or long."""

import nls
from events import Audio, client, options, tell, told

given = options()
synthesizer = nls.NlsSpeechSynthesizer(
    **client(given),
    long_tts=given["long"],
    on_metainfo=told("metainfo"),
    on_data=Audio(given["output"]),
    on_completed=told("completed"),
    on_error=told("error"),
    on_close=told("close"),
)
synthesizer.start(**given["start"])
tell("stopped")
