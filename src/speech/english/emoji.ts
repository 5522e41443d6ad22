import { GAP } from '../edits.js';
import { cardinal } from './number-words.js';
import { before, pattern, type Rule } from './rule.js';

const PICTURE = '[\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\p{Regional_Indicator}]';
const JOINED =
  '[\\p{Emoji_Modifier}\\p{Regional_Indicator}\\u200D\\uFE0E\\uFE0F\\u20E3\\u{E0020}-\\u{E007F}]';

/**
 * Pictures: emoji, flags and emoticons are not said, since their names are rarely what a listener
 * wants to hear. A keycap is its digit.
 */
export const emojiRules: readonly Rule[] = [
  {
    at: ['digit', 'sign'],
    pattern: pattern('([0-9#*])\\uFE0F?\\u20E3'),
    read: ([, key = '']) => (/\d/.test(key) ? cardinal(key) : key === '#' ? 'pound' : 'star'),
  },
  { at: ['sign'], pattern: pattern('🔟'), read: () => 'ten' },
  { at: ['sign'], pattern: pattern('‼\\uFE0F?'), read: () => '!' },
  { at: ['sign'], pattern: pattern('[⁉⁈]\\uFE0F?'), read: () => '?!' },
  {
    at: ['sign'],
    pattern: pattern(`(?![™®©↔])${PICTURE}(?:${JOINED}|${PICTURE})*`),
    read: () => GAP,
  },
  {
    // :-) ;) :D :( :'( =) <3 ^_^
    at: ['sign'],
    pattern: pattern(
      "(?:[:;=]['’]?-?[()DPpOo/|*\\]\\[]+|<3+|\\^_?\\^|¯\\\\_\\(ツ\\)_\\/¯)(?=$|[\\s.,!?])",
    ),
    read: (match) => (/(?:^|[\s.,!?])$/.test(before(match)) ? GAP : undefined),
  },
];
