import { abbreviationRules } from './abbreviations.js';
import { addressRules } from './addresses.js';
import { codeRules, hashRules, letterNumberRule } from './codes.js';
import { dateRules } from './dates.js';
import { emojiRules } from './emoji.js';
import { initialRules } from './initials.js';
import { markdownRules } from './markdown.js';
import { moneyRules } from './money.js';
import {
  decadeRules,
  decimalBeforeLetters,
  lastDigits,
  numberRules,
  scienceRule,
} from './numbers.js';
import { phoneRules } from './phones.js';
import { romanRules } from './romans.js';
import type { Rule } from './rule.js';
import { symbolRules } from './symbols.js';
import { timeRules } from './times.js';
import { sizeRules } from './sizes.js';
import { slashRules } from './slashes.js';
import { unitRules } from './units.js';

/** Everything that is read in English, in order: the first rule that reads a token wins. */
export const RULES: readonly Rule[] = [
  ...emojiRules,
  ...markdownRules,
  ...dateRules,
  ...phoneRules,
  ...addressRules,
  ...abbreviationRules,
  ...initialRules,
  ...romanRules,
  ...timeRules,
  ...moneyRules,
  ...sizeRules,
  ...slashRules,
  scienceRule,
  ...decadeRules,
  ...unitRules,
  ...codeRules,
  decimalBeforeLetters,
  ...hashRules,
  ...numberRules,
  ...symbolRules,
  letterNumberRule,
  lastDigits,
];
