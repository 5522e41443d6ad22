/**
 * Kokoro's vocabulary: 114 symbols with gaps between their ids, written as runs of consecutive ids.
 * Source: `vocab` in the `config.json` of hexgrad/Kokoro-82M.
 */
const RUNS: readonly (readonly [firstId: number, symbols: string])[] = [
  [1, ';:,.!?'],
  [9, '—…"()“” \u0303ʣʥʦʨᵝꭧAI'],
  [31, 'O'],
  [33, 'Q'],
  [35, 'ST'],
  [39, 'W'],
  [41, 'Yᵊabcdef'],
  [50, 'hijklmnopqrstuvwxyzɑɐɒæ'],
  [75, 'βɔɕç'],
  [80, 'ɖðʤə'],
  [85, 'ɚɛɜ'],
  [90, 'ɟ'],
  [92, 'ɡ'],
  [99, 'ɥ'],
  [101, 'ɨɪʝ'],
  [110, 'ɯɰŋɳɲɴø'],
  [118, 'ɸθœ'],
  [123, 'ɹ'],
  [125, 'ɾɻ'],
  [128, 'ʁɽʂʃʈʧ'],
  [135, 'ʊʋ'],
  [138, 'ʌɣɤ'],
  [142, 'χʎ'],
  [147, 'ʒʔ'],
  [156, 'ˈˌː'],
  [162, 'ʰ'],
  [164, 'ʲ'],
  [169, '↓'],
  [171, '→↗↘'],
  [177, 'ᵻ'],
];

/** Symbol → token id. Every symbol is one code point. */
export const VOCABULARY: ReadonlyMap<string, number> = new Map(
  RUNS.flatMap(([firstId, symbols]) =>
    [...symbols].map((symbol, offset) => [symbol, firstId + offset] as const),
  ),
);
