import { OPTIONAL_STOP, after, before, pattern, type Rule } from './rule.js';
import { spellLetters } from './spelling.js';

/** Capitals that espeak reads better as one word than as letters one by one. */
const KNOWN = /^(?:US|UK|EU|UN|USA|UAE|USSR|DC|BC|LA|NY)$/;
const NAME_BEFORE =
  /(?:^|["“‘(]|\p{Lu}\p{Ll}+\s|\b(?:and|by|with|to|from|of|for|mister|doctor|Mr\.|Prof\.|Mrs\.|Ms\.|Dr\.)\s)$/u;
/** Not after these: "Plan B. Then we went". */
const NO_NAME_BEFORE =
  /(?:Plan|Vitamin|Type|Class|Grade|Part|Section|Hepatitis|Option|Appendix|Exhibit|Group|Team|Figure)\s$/;
const NO_NAME_AFTER =
  /^\s(?:The|Then|This|That|It|We|He|She|They|You|But|And|So|If|In|On|At|For|What|When|Where|Why|How|There|Now|Not|No|Yes)\b/;

/** Letters with stops between, such as U.S. and J.R.R.: espeak would end a clause after them. */
export const initialRules: readonly Rule[] = [
  {
    at: ['letter'],
    pattern: pattern(`\\p{Lu}(?:\\.\\p{Lu}){1,6}${OPTIONAL_STOP}(?![\\p{L}\\p{N}])`),
    read: ([all]) => {
      const letters = all.replaceAll('.', '');
      return KNOWN.test(letters) ? letters : spellLetters(letters);
    },
  },
  {
    at: ['letter'],
    pattern: pattern('(?:\\p{Lu}\\.\\s){0,4}\\p{Lu}\\.(?=\\s\\p{Lu}\\p{Ll})'),
    read: (match) => {
      const isName = NAME_BEFORE.test(before(match)) && !NO_NAME_BEFORE.test(before(match));
      if (!isName || NO_NAME_AFTER.test(after(match))) return undefined;
      return match[0] === 'A.' ? 'eigh' : spellLetters(match[0].replace(/[.\s]/g, ''));
    },
  },
];
