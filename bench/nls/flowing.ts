import { startChorus } from '../support/chorus.js';
import { JOE } from '../support/joe.js';
import { machineState } from '../support/machine.js';
import { note, print } from '../support/report.js';
import { speak } from '../support/speak.js';
import { spread } from '../support/statistics.js';
import { textOf } from '../texts.js';
import { FLOWING_GOAL_RATIO, flowingFigures } from './flowing-figures.js';
import type { FlowingTriple } from './flowing-figures.js';
import { speakFlowing } from './flowing-speech.js';
import type { NlsBenchOptions } from './options.js';
import { piecesOf } from './pieces.js';

/** What `/v1/audio/speech` gives as `pcm`. */
const SAMPLE_RATE_HZ = 24_000;
const WARM_UP_TEXTS = 4;

/** Which texts are spoken, and how. */
interface FlowingPlan {
  readonly url: string;
  readonly from: number;
  readonly texts: number;
  readonly sentences: number;
  readonly pieceMs: number;
}

/** Measures the first audio of flowing synthesis, in turns with `/v1/audio/speech`. */
export async function benchFlowing(options: NlsBenchOptions): Promise<void> {
  const { modelsDir, cpus, rounds: count, pairs } = options;
  const chorus = await startChorus({ cpus, modelsDir, tts: JOE.model, asr: 'none' });
  try {
    const plan = { ...options, url: chorus.url };
    await takeTurns({ ...plan, from: 0, texts: WARM_UP_TEXTS });
    const rounds: (readonly FlowingTriple[])[] = [];
    for (let round = 0; round < count; round += 1) {
      note(`nls: flowing synthesis, round ${round + 1} of ${count}`);
      const machine = machineState();
      const triples = await takeTurns({ ...plan, from: 4 + round * pairs, texts: pairs });
      rounds.push(triples);
      const line = { part: 'flowing', round, ...flowingFigures(triples), ...machine };
      print({ bench: 'nls', kind: 'round', ...line });
    }
    print({ bench: 'nls', kind: 'summary', part: 'flowing', ...summary(rounds) });
  } finally {
    await chorus.stop();
  }
}

/** Each text is spoken in three ways, one after the other; who begins changes. */
async function takeTurns(plan: FlowingPlan): Promise<readonly FlowingTriple[]> {
  const triples: FlowingTriple[] = [];
  for (let turn = 0; turn < plan.texts; turn += 1) {
    triples.push(await speakThrice(textOf(plan.from + turn, plan.sentences), turn, plan));
  }
  return triples;
}

async function speakThrice(
  text: string,
  turn: number,
  { url, pieceMs }: FlowingPlan,
): Promise<FlowingTriple> {
  const body = { ...JOE, input: text, response_format: 'pcm' };
  const flowing = { url, voice: JOE.voice, sampleRateHz: SAMPLE_RATE_HZ, pieceMs };
  const triple: { -readonly [Way in keyof FlowingTriple]?: FlowingTriple[Way] } = {};
  const ways = [
    async () => {
      const call = { url: `${url}/v1/audio/speech`, body, sampleRateHz: SAMPLE_RATE_HZ };
      triple.speech = await speak(call);
    },
    async () => {
      triple.whole = await speakFlowing({ ...flowing, pieces: [text] });
    },
    async () => {
      triple.pieces = await speakFlowing({ ...flowing, pieces: piecesOf(text) });
    },
  ];
  for (const at of ways.keys()) await ways[(at + turn) % ways.length]?.();
  const { speech, whole, pieces } = triple;
  if (!speech || !whole || !pieces) throw new Error('A way of speaking was left out.');
  return { speech, whole, pieces };
}

function summary(rounds: readonly (readonly FlowingTriple[])[]): object {
  const figures = flowingFigures(rounds.flat());
  const ofRounds = rounds.map(flowingFigures);
  return {
    ...figures,
    firstAudioRatioOfRounds: spread(ofRounds.map(({ firstAudioRatio }) => firstAudioRatio)),
    sinceSentenceRatioOfRounds: spread(
      ofRounds.map(({ sinceSentenceRatio }) => sinceSentenceRatio),
    ),
    goalRatio: FLOWING_GOAL_RATIO,
    met: figures.firstAudioRatio <= FLOWING_GOAL_RATIO,
  };
}
