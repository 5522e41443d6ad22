import { SPOKEN_SENTENCES, shortText } from '../texts.js';

/** Texts that readers of text stumble over: numbers, names, abbreviations, quotes, foreign words. */
const HARD_TEXTS = [
  'It costs $5.50; really?',
  'Dr. Hill met Mrs. Brown of the BBC at 10:30 a.m. on March 3rd, 2024.',
  'She said "no", of course, and that was the end of the matter.',
  'The U.S. economy grew by 2.5% last year, i.e. more than expected.',
  'NASA and the FBI have not commented (yet).',
  'I read the book that you had read; the record was recorded in 1987.',
  'Wait... what happened? Nobody knows!',
  'Prices rose from 1,250 to 12,999 dollars in the 1990s.',
  "It isn't what they'd have done, and we're sure they've tried.",
  'The well-known co-operative sold second-hand bicycles — cheaply.',
  'Call 555-0123 or write to info@example.com, room 12B.',
  'Henry VIII had six wives; Louis XIV reigned for 72 years.',
  'A naïve café owner in Zürich served crème brûlée.',
  'The COVID-19 vaccine is an mRNA vaccine.',
  'He lives at 221B Baker St., London NW1.',
  'Use either/or, not both: it is a matter of taste.',
  'Xylophones, quartz and rhythms vex Polish polishers.',
  'He wound the bandage around the wound, close to the door that would not close.',
  'To be, or not to be: that is the question.',
  'About 3/4 of the 20 kg went to St. Petersburg.',
  'What? No! Yes... Perhaps; well, if you must.',
  'In the middle of the night, all of the lights of the house went out.',
  'The ratio is 3:1, more or less, at -5 °C.',
  'Mr. and Mrs. Smith vs. the State of New York, No. 42.',
  'One, two, three, four, five, six, seven, eight, nine, ten.',
  'An IBM PC with an HTML5 page and two GPUs.',
  'It was the best of times, it was the worst of times.',
  'Shh! Hmm, brr; psst.',
  'THIS IS A WARNING: DO NOT TOUCH THE RED BUTTON.',
  'Tomorrow, and tomorrow, and tomorrow, creeps in this petty pace from day to day.',
] as const;

const SENTENCE_END = /(?<=[.?!]) /u;
const ORDINARY_TEXTS = 80;

/** Texts of one to three sentences, ordinary ones and hard ones; always the same 122. */
export function phonemeTexts(): string[] {
  const ordinary = Array.from({ length: ORDINARY_TEXTS }, (_, number) => {
    const sentences = shortText(number).split(SENTENCE_END);
    return sentences.slice(0, 1 + (number % 3)).join(' ');
  });
  return [...ordinary, ...SPOKEN_SENTENCES, ...HARD_TEXTS];
}

/** How many sentences a text has, as a reader would count them. */
export function sentencesIn(text: string): number {
  return text.split(SENTENCE_END).length;
}
