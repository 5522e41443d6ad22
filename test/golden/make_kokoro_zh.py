"""Writes the phonemes that Kokoro's own front-end makes of the Chinese sentences in kokoro-zh-sentences.json.

Run with an interpreter that has misaki[zh]==0.9.4:
    python test/golden/make_kokoro_zh.py
"""

import importlib.metadata
import json
import pathlib

import jieba
from misaki.zh import ZHG2P
from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_tone3

here = pathlib.Path(__file__).parent
sentences = json.loads((here / "kokoro-zh-sentences.json").read_text(encoding="utf-8"))
reference = ZHG2P()
TIE = chr(815)  # the reference takes it out of whole texts, not of syllables


def syllables() -> dict:
    spelled = {to_tone3(p, neutral_tone_with_five=True)[:-1] for ps in PINYIN_DICT.values() for p in ps.split(",")}
    return {s: ZHG2P.py2ipa(s + "1").replace(TIE, "") for s in sorted(spelled)}


versions = {p: importlib.metadata.version(p) for p in ("misaki", "pypinyin", "jieba")}
body = {
    "_about": f"made by make_kokoro_zh.py with {versions}; syllables are in the first tone",
    "syllables": syllables(),
    "sentences": [{"text": s, "words": jieba.lcut(s), "phonemes": reference(s)[0]} for s in sentences],
}
(here / "kokoro-zh.json").write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
