import { cardinal, digitByDigit, shortThree } from './number-words.js';
import { after, before, pattern, type Rule } from './rule.js';
import { addressWords } from './spelling.js';

const LABEL = '[\\p{L}\\p{Nd}](?:[\\p{L}\\p{Nd}-]{0,61}[\\p{L}\\p{Nd}])?';
const HOST = `${LABEL}(?:\\.${LABEL}){1,6}`;
/** Ends of names that stand without a scheme in a text; others could be a missing space. */
const TOP_LEVEL =
  '(?:com|org|net|edu|gov|io|ai|dev|app|co|uk|de|fr|eu|us|ca|au|in|jp|cn|info|me|tv|ly|rs|to|gg|xyz|tech|cloud)';
const FILE_ENDS =
  '(?:pdf|txt|md|csv|tsv|json|jsonl|xml|html?|css|jsx?|tsx?|mjs|py|rb|go|java|c|cpp|h|sh|ya?ml|toml|ini|docx?|xlsx?|pptx?|png|jpe?g|gif|svg|webp|mp3|mp4|wav|zip|gz|exe|sql|log|ipynb|onnx|NET)';
/** The second number of their versions counts. */
const PROGRAM_BEFORE =
  /\b(?:version|release|python|ubuntu|django|kubernetes|node|php|rust|postgres(?:ql)?|kernel|linux|typescript|cuda)\s$/i;
const MARKS_AT_END = /[.,!?;:)\]'"”’*_]+$/;

/** Addresses of the web, of mail and of machines; versions; file names. */
export const addressRules: readonly Rule[] = [
  {
    at: ['letter', 'digit'],
    pattern: pattern(`[\\p{L}\\p{Nd}][\\p{L}\\p{Nd}._%+-]{0,63}@${HOST}`),
    read: ([all]) => addressWords(all),
  },
  {
    at: ['letter'],
    pattern: pattern(`(?:mailto:)(?=[\\p{L}\\p{Nd}._%+-]{1,64}@)`, 'i'),
    read: () => '',
  },
  {
    at: ['letter'],
    pattern: pattern('(?:https?|ftp|file|wss?):\\/\\/[^\\s<>"“”]*[^\\s<>"“”.,!?;:)\\]\'’*_`]', 'i'),
    read: ([all]) => webAddress(all.replace(/^\w+:\/\//, '')),
  },
  {
    at: ['letter', 'digit'],
    pattern: pattern(
      `(?:www\\.${HOST}|(?:${LABEL}\\.){1,4}${TOP_LEVEL})(?![\\p{L}\\p{Nd}-])(?:\\/[\\p{L}\\p{Nd}/._~%?=&#+-]{0,200}[\\p{L}\\p{Nd}/])?`,
    ),
    read: ([all]) => webAddress(all),
  },
  {
    at: ['letter'],
    pattern: pattern('[A-Za-z]:\\\\[^\\s<>|"*?]{0,200}'),
    read: ([all]) => addressWords(all.replace(MARKS_AT_END, '')),
  },
  {
    at: ['sign'],
    pattern: pattern(
      '(?:~|\\.{1,2})?(?:\\/[\\p{L}\\p{Nd}._-]{0,59}[\\p{L}\\p{Nd}]){1,12}\\/?(?![\\p{L}\\p{Nd}])',
    ),
    read: (match) => (/(?:^|[\s"'(])$/.test(before(match)) ? addressWords(match[0]) : undefined),
  },
  {
    at: ['digit'],
    pattern: pattern(
      '(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})(?![\\d]|\\.\\d)(?:[:/](\\d{1,5}))?',
    ),
    read: ([all, ...numbers]) => machineAddress(all, numbers),
  },
  {
    at: ['digit'],
    pattern: pattern(
      '(?!\\d{1,3}(?:\\.\\d{3}){2,5}(?![.\\d]))\\d{1,4}(?:\\.\\d{1,4}){2,4}(?![\\d])',
    ),
    read: ([all]) => all.split('.').map(versionPart).join(' point '),
  },
  {
    // "Python 3.12" is no decimal.
    at: ['digit'],
    pattern: pattern('(\\d{1,3})\\.([1-9]\\d)(?![\\d\\p{L}]|\\.\\d)'),
    read: (match) =>
      PROGRAM_BEFORE.test(before(match))
        ? match[0].split('.').map(versionPart).join(' point ')
        : undefined,
  },
  {
    at: ['letter'],
    pattern: pattern('[vV]\\.?(\\d{1,4}(?:\\.\\d{1,4}){0,4})(?![\\p{L}\\d])'),
    read: (match) => {
      const words = (match[1] ?? '').split('.').map(versionPart).join(' point ');
      return /\bversion\s$/i.test(before(match)) ? words : `version ${words}`;
    },
  },
  {
    at: ['letter', 'digit', 'sign'],
    pattern: pattern(
      `[\\p{L}\\p{Nd}_][\\p{L}\\p{Nd}_-]{0,60}(?:\\.[\\p{L}\\p{Nd}_-]{1,30}){0,3}\\.${FILE_ENDS}(?![\\p{L}\\p{Nd}])`,
    ),
    read: ([all]) => addressWords(all),
  },
  {
    // A stop within a word: "xylo.phone", ".NET"; not initials and not a missing space.
    at: ['sign'],
    pattern: pattern('\\.(?=[\\p{L}])'),
    read: (match) => {
      const isName = /(?:^|\s)$/.test(before(match)) || /[\p{L}\d]{2}$/u.test(before(match));
      return isName && /^(?:\p{Ll}{2}|[A-Z]{2})/u.test(after(match)) ? 'dot' : undefined;
    },
  },
];

/** The host and the path: what follows is for machines, and `www` says nothing. */
function webAddress(address: string): string | undefined {
  const path = address
    .replace(/[?#].*$/s, '')
    .replace(MARKS_AT_END, '')
    .replace(/^www\./i, '');
  return addressWords(decoded(path).replace(/\/+$/, '')) || undefined;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path).replace(/[\s\p{C}]+/gu, ' ');
  } catch {
    return path.replaceAll('%', ' ');
  }
}

function machineAddress(all: string, numbers: readonly (string | undefined)[]): string | undefined {
  const bytes = numbers.slice(0, 4).map((number) => number ?? '');
  if (!bytes.every((byte) => Number(byte) < 256)) return undefined;
  const words = bytes.map(shortThree).join(' dot ');
  const port = numbers[4];
  if (port === undefined) return words;
  return `${words} ${all.includes('/') ? 'slash' : 'port'} ${cardinal(port)}`;
}

function versionPart(digits: string): string {
  return /^0\d/.test(digits) ? digitByDigit(digits) : cardinal(digits);
}
