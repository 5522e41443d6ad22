/**
 * Kokoro's phonemes for Pinyin. The symbols were found by asking the reference (`ZHG2P` of misaki
 * 0.9.4, version 1.0) for each syllable; `test/golden/kokoro-zh.json` holds its answers.
 */
const INITIALS: Readonly<Record<string, string>> = {
  b: 'p',
  p: 'pʰ',
  m: 'm',
  f: 'f',
  d: 't',
  t: 'tʰ',
  n: 'n',
  l: 'l',
  g: 'k',
  k: 'kʰ',
  h: 'x',
  j: 'ʨ',
  q: 'ʨʰ',
  x: 'ɕ',
  zh: 'ꭧ',
  ch: 'ꭧʰ',
  sh: 'ʂ',
  r: 'ɻ',
  z: 'ʦ',
  c: 'ʦʰ',
  s: 's',
};
/** Rhymes; the tone follows the vowel, in front of the nasal. */
const RHYMES: Readonly<Record<string, readonly [vowel: string, nasal?: string]>> = {
  a: ['a'],
  ai: ['ai'],
  an: ['a', 'n'],
  ang: ['a', 'ŋ'],
  ao: ['au'],
  e: ['ɤ'],
  ei: ['ei'],
  en: ['ə', 'n'],
  eng: ['ə', 'ŋ'],
  er: ['ɚ'],
  o: ['wo'],
  ong: ['ʊ', 'ŋ'],
  ou: ['ou'],
  i: ['i'],
  ia: ['ja'],
  ian: ['jɛ', 'n'],
  iang: ['ja', 'ŋ'],
  iao: ['jau'],
  ie: ['je'],
  in: ['i', 'n'],
  ing: ['i', 'ŋ'],
  iong: ['jʊ', 'ŋ'],
  iou: ['jou'],
  iu: ['jou'],
  u: ['u'],
  ua: ['wa'],
  uai: ['wai'],
  uan: ['wa', 'n'],
  uang: ['wa', 'ŋ'],
  ueng: ['wə', 'ŋ'],
  ui: ['wei'],
  uei: ['wei'],
  un: ['wə', 'n'],
  uen: ['wə', 'n'],
  uo: ['wo'],
  v: ['y'],
  ve: ['ɥe'],
  van: ['ɥɛ', 'n'],
  vn: ['y', 'n'],
};
/** Syllables of a consonant or a vowel that no rhyme names. */
const SYLLABLES: Readonly<Record<string, readonly [vowel: string, nasal?: string]>> = {
  o: ['ɔ'],
  yo: ['jɔ'],
  ê: ['ɛ'],
  m: ['m'],
  n: ['n'],
  ng: ['ŋ'],
  hm: ['hm'],
  hng: ['hŋ'],
};
/** By Pinyin's numbers; 5 and 0 are the neutral tone, which has no sign. */
const TONES = ['', '→', '↗', '↓', '↘', ''];
const NUMBERED = /^(?<letters>[a-zêü]+)(?<tone>[0-5])$/u;
const PARTS = /^(?<initial>zh|ch|sh|[bpmfdtnlgkhjqxrzcs]?)(?<rhyme>.*)$/u;
/** Written with y and w, which stand for i, u and ü. */
const ZERO_INITIALS: readonly (readonly [RegExp, string])[] = [
  [/^yu/u, 'v'],
  [/^y(?=i)/u, ''],
  [/^y/u, 'i'],
  [/^w(?=u)/u, ''],
  [/^w/u, 'u'],
];

/**
 * Phonemes of a syllable; undefined if it is none.
 * @param syllable Pinyin with `v` or `ü` and the tone's number, for example `lv4`.
 */
export function syllablePhonemes(syllable: string): string | undefined {
  const { letters = '', tone = '' } = NUMBERED.exec(syllable)?.groups ?? {};
  const plain = letters.replaceAll('ü', 'v');
  const sign = TONES[Number(tone)] ?? '';
  const whole = SYLLABLES[plain];
  if (whole !== undefined) return whole[0] + sign + (whole[1] ?? '');
  const { initial = '', rhyme = '' } = PARTS.exec(withoutZeroInitial(plain))?.groups ?? {};
  const [vowel, nasal = ''] = rhymeOf(initial, rhyme) ?? [];
  return vowel === undefined ? undefined : (INITIALS[initial] ?? '') + vowel + sign + nasal;
}

function withoutZeroInitial(letters: string): string {
  const [written, meant] = ZERO_INITIALS.find(([start]) => start.test(letters)) ?? [/^/u, ''];
  return letters.replace(written, meant);
}

function rhymeOf(initial: string, rhyme: string): readonly [string, string?] | undefined {
  // The i of zhi and zi is no [i].
  if (rhyme === 'i' && /^(?:[zcs]h?|r)$/u.test(initial)) return ['ɨ'];
  return RHYMES[/^[jqx]$/u.test(initial) ? rhyme.replace(/^u/u, 'v') : rhyme];
}
