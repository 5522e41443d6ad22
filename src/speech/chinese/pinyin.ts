import { createRequire } from 'node:module';

import type * as pinyinPro from 'pinyin-pro';

import { toSimplified } from './traditional.js';

type PinyinPro = typeof pinyinPro;

/**
 * Readings in context that the dictionary misses or finds in a wrong word (调查|了事|情). Written
 * as the library wants them: tone marks, syllables apart.
 */
const CORRECTIONS: Readonly<Record<string, string>> = {
  得很: 'de hěn',
  了事情: 'le shì qing',
  了事故: 'le shì gù',
  了事件: 'le shì jiàn',
  了事实: 'le shì shí',
  了事业: 'le shì yè',
  还了书: 'huán le shū',
  舍不得: 'shě bù de',
  数一数: 'shǔ yī shǔ',
  有空: 'yǒu kòng',
  还书: 'huán shū',
  还钱: 'huán qián',
  还给: 'huán gěi',
};

let library: PinyinPro | undefined;

/** Its dictionary takes some 30 MB and 0.1 s: not before there is Chinese to read. */
function load(): PinyinPro {
  if (library === undefined) {
    library = createRequire(import.meta.url)('pinyin-pro') as PinyinPro;
    library.customPinyin(CORRECTIONS);
  }
  return library;
}

/**
 * Reads each character of a text in its context.
 * @returns One entry a code point: Pinyin with `v` and the tone's number (0 = neutral), or what
 *   stands there if it has no reading.
 */
export function readCharacters(text: string): string[] {
  return load().pinyin(toSimplified(text), {
    type: 'array',
    toneType: 'num',
    v: true,
    toneSandhi: false,
  });
}
