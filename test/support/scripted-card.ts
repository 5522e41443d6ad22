/** Card of the model that test/workers/scripted-engine.ts runs. */
export const SCRIPTED_CARD = `
id: scripted
name: Scripted
description: An engine for tests that does what the text says.
task: tts
engine: piper
licence: none
languages: [en]
voices:
  - { id: joe, name: Joe, language: en-US }
  - { id: noisy, name: Noisy, language: en-US }
files:
  - path: model.onnx
    bytes: 1
    sha256: '${'0'.repeat(64)}'
    sources: [{ type: huggingface, repo: none/none, path: none }]
`;
