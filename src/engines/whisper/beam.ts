/** Beam search (source of the rule when to stop and which to take: `whisper/decoding.py`). */
import type { DecoderAnswer, DecoderRun } from './backend.js';
import { likeliest, type Choice } from './choose.js';
import type { DecodeJob, DecodingModel } from './decode.js';
import { applyRules } from './rules.js';
import { Sequence } from './sequence.js';

/** What to search. */
export interface BeamOptions {
  /** A run of one row. */
  readonly run: DecoderRun;
  readonly model: DecodingModel;
  /** The answer that the first choice is made of. */
  readonly first: DecoderAnswer;
  readonly job: DecodeJob;
  /** How many sequences are gone on with. */
  readonly width: number;
  /** Most tokens of a sequence. */
  readonly limit: number;
}

/** A sequence and its row in the decoder. */
interface Beam {
  readonly sequence: Sequence;
  readonly row: number;
}

/** A way to go on. */
interface Candidate extends Beam {
  readonly choice: Choice;
  readonly score: number;
}

/** Finds the sequence that is likeliest by the mean of its tokens, among those that the beam saw. */
export async function searchBeam(options: BeamOptions): Promise<Sequence> {
  const { run, model, job, width, limit } = options;
  const over: Sequence[] = [];
  let beams: Beam[] = [{ sequence: new Sequence(model.tokens, limit), row: 0 }];
  for (let answer = options.first; ;) {
    const candidates = beams.flatMap((beam) => candidatesOf(beam, answer, options));
    const next = extend(candidates, { answer, width, over, job });
    const isDone = next.length === 0 || over.length >= width || job.control.canceled;
    if (isDone)
      return (
        best([...over, ...(over.length > 0 ? [] : next.map(sequenceOf))]) ??
        new Sequence(model.tokens, limit)
      );
    run.keep(next.map(({ row }) => row));
    beams = next.map(({ sequence }, row) => ({ sequence, row }));
    const tokens = beams.map(({ sequence }) => sequence.written.slice(-1));
    answer = await run.step(tokens, job.step.alignment);
  }
}

const sequenceOf = ({ sequence }: Beam): Sequence => sequence;

function candidatesOf(
  { sequence, row }: Beam,
  { logits }: DecoderAnswer,
  { model, width }: BeamOptions,
): Candidate[] {
  const own = logits[row];
  if (!own) return [];
  applyRules(own, sequence.written, model.tokens);
  return likeliest(own, width + 1).map((choice) => {
    return { sequence, row, choice, score: sequence.score + choice.logprob };
  });
}

interface Extension extends Pick<BeamOptions, 'width' | 'job'> {
  readonly answer: DecoderAnswer;
  /** Takes the sequences that have ended. */
  readonly over: Sequence[];
}

/** Goes on with the best; what ends among them is taken out and makes room for another one. */
function extend(candidates: readonly Candidate[], extension: Extension): Beam[] {
  const { width, over, answer, job } = extension;
  const next: Beam[] = [];
  for (const { sequence, row, choice } of candidates.toSorted((a, b) => b.score - a.score)) {
    if (next.length >= width) break;
    const longer = sequence.copy();
    longer.push(choice, job.step.alignment ? answer.queries?.[row] : undefined);
    if (longer.isOver) over.push(longer);
    else next.push({ sequence: longer, row });
  }
  return next;
}

function best(sequences: readonly Sequence[]): Sequence | undefined {
  const mean = (one: Sequence) => one.score / (one.written.length + 1);
  return sequences.reduce<Sequence | undefined>(
    (found, one) => (found && mean(found) >= mean(one) ? found : one),
    undefined,
  );
}
