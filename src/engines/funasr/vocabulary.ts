import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ChorusError } from '../../protocol/errors.js';

/** Pieces by their id. */
export type Vocabulary = readonly string[];

const CONTROL = /^<\/?[A-Za-z]+>$/;

/** Whether a piece is a control symbol and no text: `<s>`, `</s>`, `<unk>`, `<blank>`. */
export function isControl(piece: string): boolean {
  return CONTROL.test(piece);
}

/**
 * Reads a model's pieces: `tokens.txt` of sherpa-onnx (a piece and its id on each line), else
 * `tokens.json` of FunASR (a list).
 * @throws ChorusError `model_failed` if there is neither or it cannot be read.
 */
export async function readVocabulary(modelDir: string): Promise<Vocabulary> {
  const lines = await textOf(join(modelDir, 'tokens.txt'));
  const pieces = lines === undefined ? await readList(modelDir) : parseLines(lines);
  if (pieces.length > 0) return pieces;
  throw new ChorusError('model_failed', `The vocabulary in ${modelDir} is empty.`);
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

async function readList(modelDir: string): Promise<Vocabulary> {
  const text = await textOf(join(modelDir, 'tokens.json'));
  if (text === undefined) {
    const message = `There is no vocabulary in ${modelDir} (tokens.txt or tokens.json).`;
    throw new ChorusError('model_failed', message);
  }
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list) && list.every((one) => typeof one === 'string')) return list;
  } catch {
    // Told below, as a list of something else is.
  }
  throw new ChorusError('model_failed', `tokens.json in ${modelDir} is no list of strings.`);
}

/** A piece may be a space, or have one in it: the id is what follows the last space. */
function parseLines(text: string): Vocabulary {
  const pieces: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const found = /^(.*?)\s+(\d+)$/.exec(line);
    if (found) pieces[Number(found[2])] = found[1] === '' ? ' ' : (found[1] ?? '');
  }
  return Array.from(pieces, (piece) => piece ?? '');
}
