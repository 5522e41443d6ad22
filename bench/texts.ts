/** Sentences of about two and a half seconds each, of varied sounds, questions and clauses. */
const SENTENCES = [
  'The morning ferry leaves the harbour at dawn.',
  'Please close the window before the rain comes in.',
  'A small brown dog waited beside the bakery door.',
  'Nobody expected the concert to last until midnight.',
  'Our train was delayed, so we walked along the river.',
  'Can you tell me where the nearest pharmacy is?',
  'The old clock in the hall has stopped again.',
  'She planted tomatoes, beans and a row of sunflowers.',
  'Heavy snow covered the mountain road for three days.',
  'He repaired the radio with a piece of copper wire.',
  'Fresh bread smells best on a cold winter evening.',
  'The museum opens late on Thursdays during the summer.',
  'Why does the kettle whistle when the water boils?',
  'Their grandmother tells the same story every year.',
  'A thin line of smoke rose above the distant valley.',
  'We should measure the table twice and cut it once.',
  'The pilot spoke calmly while the engine was restarted.',
  'Bright lanterns floated slowly across the quiet lake.',
  'Someone left a blue umbrella under the wooden bench.',
  'It takes patience to teach a parrot a new word.',
  'The library keeps its oldest maps in a locked room.',
  'Did you remember to water the plants on the balcony?',
  'Strong coffee and good company kept us awake.',
  'The children built a bridge from stones and branches.',
  'A gentle wind carried the sound of church bells.',
  'Tomorrow the painters will begin with the kitchen.',
  'The doctor asked him to breathe in and hold it.',
  'Few people know how deep the northern caves are.',
  'The chess player smiled and moved her last knight.',
  'Golden leaves gathered in the corner of the yard.',
  'What a strange and wonderful machine this is!',
  'The captain wrote a short letter to his brother.',
  'Turn left after the fountain, then follow the wall.',
  'Every violin in the shop was made by hand.',
  'The price of oranges has fallen since the spring.',
  'A curious fox watched us from the edge of the wood.',
  'They painted the fence green, but the gate stayed white.',
  'The lecture was long, yet nobody left the room.',
  'Have the engineers found the reason for the noise?',
  'Steam filled the bathroom and fogged the mirror.',
] as const;

const SENTENCES_A_TEXT = 4;
/**
 * Distances between the sentences of a text. They share no factor with the number of sentences, and
 * begin with large ones, so that texts that follow each other have no sentence in common.
 */
const STRIDES = [11, 7, 13, 9, 17, 19, 21, 23, 27, 29, 31, 33, 3, 37, 39, 1];

function sentence(index: number): string {
  return SENTENCES[index % SENTENCES.length] ?? '';
}

/**
 * The text of a number: four sentences, about ten seconds of speech. The same number gives the same
 * text; 640 numbers give 640 texts.
 */
export function shortText(number: number): string {
  return textOf(number, SENTENCES_A_TEXT);
}

/** The text of a number, of so many sentences: two and a half seconds of speech each. */
export function textOf(number: number, sentences: number): string {
  const stride = STRIDES[Math.floor(number / SENTENCES.length) % STRIDES.length] ?? 1;
  return Array.from({ length: sentences }, (_, place) => sentence(number + place * stride)).join(
    ' ',
  );
}

/** The golden ratio's fraction: its multiples fill the unit interval evenly (Weyl, 1916). */
const GOLDEN = 0.618_033_988_749_895;
const SHORTEST_VARIED = 4;
const LONGEST_VARIED = 400;
/** In which word of its first sentence a varied text may begin: no sentence has fewer. */
const FIRST_WORDS = 7;

/**
 * The text of a number, from one word to 400 characters: lengths that follow each other differ, and
 * each tenfold is as frequent as the next.
 */
export function variedText(number: number): string {
  const share = (number * GOLDEN) % 1;
  const wanted = Math.floor(SHORTEST_VARIED * (LONGEST_VARIED / SHORTEST_VARIED) ** share);
  const [first = '', ...rest] = longText(number)
    .split(' ')
    .slice(number % FIRST_WORDS);
  let text = first;
  for (const word of rest) {
    if (text.length + 1 + word.length > wanted) break;
    text += ` ${word}`;
  }
  return text;
}

/** The most characters that a speech request of the OpenAI family may have. */
const LONGEST_INPUT = 4096;

/** A text of 4,096 characters, cut like an impatient client would: within a word. */
export function longText(number: number): string {
  const parts: string[] = [];
  let length = 0;
  for (let place = 0; length < LONGEST_INPUT; place += 1) {
    const next = sentence(number * 7 + place);
    parts.push(next);
    length += next.length + 1;
  }
  return parts.join(' ').slice(0, LONGEST_INPUT);
}

/**
 * What is spoken for the recognisers: no figures, no names, no words with two spellings, so that a
 * difference between text and transcript is an error and not a matter of taste.
 */
export const SPOKEN_SENTENCES = [
  'Before the storm arrived, the fishermen pulled their boats far up the sandy beach.',
  'My sister bought a second hand bicycle and rode it across the whole country.',
  'The scientists were surprised to find living plants beneath the frozen lake.',
  'If you listen carefully, you can hear the river behind those tall trees.',
  'He forgot his keys on the kitchen table and had to climb through a window.',
  'The company will announce its new plans at the meeting next Monday morning.',
  'Most visitors come for the paintings, but they stay for the beautiful gardens.',
  'Nobody knows exactly when the first bridge was built in this part of the city.',
  'She learned to cook from her father, who worked in a small restaurant.',
  'The teacher asked everyone to write a short story about an unexpected journey.',
  'After a long silence, the old man began to laugh and could not stop.',
  'We watched the sun go down, packed our bags, and drove home through the night.',
] as const;
