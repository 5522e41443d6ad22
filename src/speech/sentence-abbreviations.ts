/** Splits a list that is written as one text. */
const words = (list: string): ReadonlySet<string> => new Set(list.split(' '));

/** Before a name, written with a capital: `Dr. Smith`, `St. Louis`, `Sra. López`, `Dott. Rossi`. */
const TITLES = words(
  'mr mrs ms mx messrs dr drs prof rev fr hon st ste mt ft gen col maj capt cmdr lt sgt gov sen rep pres ' +
    'sr sra srta dra da dª dn dña ud uds vd exmo sig dott ing avv hr frau mme mlle',
);
/** Something always follows: `e.g. apples`, `vs. Smith`, `z.B. Äpfel`. */
const LEAD_IN = words('e.g eg i.e ie cf vs viz ca approx z.b d.h u.a p.ex av resp bspw');
/** A number follows: `No. 5`, `Fig. 3`, `pp. 7`, `Nr. 2`, `pág. 4`. */
const BEFORE_NUMBER = words(
  'no nos nr vol vols fig figs eq eqs ch sec art par app tab p pp pg n º núm pág págs cap ed ver',
);
/** Names of places, often parts of longer names: `the U.S. Senate`. */
const PLACES = words('u.s u.k u.n e.u u.s.a u.a.e d.c l.a n.y ee.uu s.a');
/** These may end a sentence or not; before a number or a lower-case word they do not. */
const OTHERS = words(
  'etc al est dept inc ltd co corp bros jr ave blvd rd vs eds appt apt ext tel min max avg ' +
    'jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun ' +
    'a.m p.m a.d b.c b.a m.a m.d ph.d bzw usw',
);
/** Words that begin sentences more often than they go on after an initial: `vitamin C. The rest`. */
const STARTERS = words(
  'the this that these those there here he she it they we you i but and so then if when where why how what ' +
    'who his her its their our my your in on at as for after before however yes also some most',
);
/** German writes the day with a full stop: `am 3. Oktober`. */
const GERMAN_MONTHS = words(
  'januar februar märz april mai juni juli august september oktober november dezember',
);

/** Where a full stop stands. */
export interface FullStop {
  /** The word before it, without the stop itself. */
  readonly word: string;
  /** What follows after white space: its beginning. */
  readonly next: string;
  /** Nothing but the word stands on its line before the stop. */
  readonly beginsLine: boolean;
  /** A writer who uses no capitals begins sentences with small letters. */
  readonly usesCapitals: boolean;
}

/** Whether a full stop belongs to an abbreviation, an initial or a number, and ends no sentence. */
export function belongsToWord(stop: FullStop): boolean {
  const word = stop.word.toLowerCase();
  if (LEAD_IN.has(word)) return true;
  if (isListNumber(stop) || isInitial(stop) || isGermanDate(stop)) return true;
  if (TITLES.has(word) && (!stop.usesCapitals || /^\p{Lu}/u.test(stop.word))) return true;
  if (BEFORE_NUMBER.has(word)) return /^(?:[\p{N}#(]|[IVXLC]+\b)/u.test(stop.next);
  if (PLACES.has(word)) return !beginsSentence(stop.next);
  return OTHERS.has(word) && /^[\p{N}\p{Ll}]/u.test(stop.next);
}

/** `1.` or `IV.` at the beginning of a line counts an item. */
function isListNumber({ word, beginsLine }: FullStop): boolean {
  return beginsLine && /^(?:\d{1,3}|[ivx]{1,5}|\p{L})$/iu.test(word);
}

/** `J. R. R. Tolkien`; of small letters only such as `z. B.` count. */
function isInitial({ word, next }: FullStop): boolean {
  if (/^\p{Lu}$/u.test(word)) return !beginsSentence(next);
  return /^\p{Ll}$/u.test(word) && /^\p{L}\./u.test(next);
}

function isGermanDate({ word, next }: FullStop): boolean {
  return /^\d{1,2}$/.test(word) && GERMAN_MONTHS.has(firstWord(next));
}

function beginsSentence(next: string): boolean {
  return next === '' || STARTERS.has(firstWord(next));
}

/** In lower case; with its full stop if it has one, so that an initial is not taken for a word. */
function firstWord(text: string): string {
  return (/^["'“‘(]*([\p{L}’']+\.?)/u.exec(text)?.[1] ?? '').toLowerCase();
}
