import { listGpus } from '../config/gpus.js';
import { loadSettings } from '../config/load.js';
import { loadCatalogue } from '../models/catalogue.js';
import type { CatalogueEntry } from '../models/catalogue.js';
import { modelState } from '../models/model-state.js';
import { streamingOf, type Streaming } from '../models/streaming.js';
import { sayBytes } from '../models/pull/disk-space.js';
import { variantsOf, type Variants } from '../models/variants.js';
import type { Precision } from '../protocol/precision.js';
import { EXIT } from './failure.js';
import { type RunningModel, runningModels, runningWords } from './running-models.js';
import { Needs } from './variants.js';

const MAX_LANGUAGES = 4;
const HEADINGS = [
  ...['MODEL', 'TASK', 'ENGINE', 'LANGUAGES', 'PRECISION', 'SIZE', 'LICENCE', 'STATE', 'STREAMS'],
  'RUNS ON',
];

/** What a listener hears of it: the first words of a sentence at once, or when all of it is made. */
const STREAMS = { windows: 'inside sentences', sentences: 'by sentence' };

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly task: string;
  readonly engine: string;
  readonly languages: readonly string[];
  /** What it can be run in on a CPU and on a GPU, the best first; absent if it has no variants. */
  readonly variants?: Variants;
  /** What this machine wants it in. */
  readonly precisions: readonly Precision[];
  /** Of the files that this machine wants. */
  readonly bytes: number;
  readonly licence: string;
  readonly state: string;
  /** Paths of the files that are not there. */
  readonly missing: readonly string[];
  readonly configured: boolean;
  /** Of models that speak. */
  readonly streaming?: Streaming;
  readonly dir: string;
  /** Where the running server has it; absent if no server answers. */
  readonly running?: readonly RunningModel[];
}

async function listed(
  entry: CatalogueEntry,
  { configured, needs }: { readonly configured: ReadonlySet<string>; readonly needs: Needs },
): Promise<Listed> {
  const { card, dir } = entry;
  const precisions = needs.precisions(card);
  const variants = variantsOf(card);
  const state = await modelState(entry, precisions);
  const streaming = await streamingOf(entry);
  const absent = state.files.filter((one) => one.state === 'absent');
  return {
    id: card.id,
    name: card.name,
    task: card.task,
    engine: card.engine,
    languages: card.languages,
    ...(variants && { variants }),
    precisions,
    bytes: state.files.reduce((sum, { file }) => sum + file.bytes, 0),
    licence: card.licence,
    state: state.summary,
    missing: absent.map(({ file }) => file.path),
    configured: configured.has(card.id),
    ...(streaming && { streaming }),
    dir,
  };
}

function cells(model: Listed): string[] {
  const shown = model.languages.slice(0, MAX_LANGUAGES).join(' ');
  const others = model.languages.length - MAX_LANGUAGES;
  return [
    model.configured ? `${model.id} *` : model.id,
    model.task,
    model.engine,
    others > 0 ? `${shown} +${others}` : shown,
    model.precisions.join(' '),
    sayBytes(model.bytes),
    model.licence,
    model.state,
    model.streaming ? STREAMS[model.streaming.unit] : '',
    runningWords(model.running ?? []),
  ];
}

function runningOf(
  { id }: Listed,
  running: Awaited<ReturnType<typeof runningModels>>,
): Pick<Listed, 'running'> {
  return running ? { running: running.get(id) ?? [] } : {};
}

/** One line for each voice that streams whole sentences only. */
function reasons(found: readonly Listed[]): string[] {
  return found.flatMap(({ id, streaming }) =>
    streaming?.reason === undefined ? [] : [`${id} streams whole sentences: ${streaming.reason}.`],
  );
}

function table(rows: readonly (readonly string[])[]): string {
  const [headings = []] = rows;
  const widths = headings.map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const draw = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return rows.map(draw).join('\n');
}

/** Runs `chorus models`: what is known, what is here, what is not. Resolves with the exit code. */
export async function models(options: { readonly json: boolean }): Promise<number> {
  const settings = loadSettings();
  const catalogue = await loadCatalogue(settings);
  const configured = new Set([...settings.tts.models, ...settings.asr.models]);
  const entries = [...catalogue.entries.values()];
  const needs = new Needs(settings, await listGpus());
  const [here, running] = await Promise.all([
    Promise.all(entries.map((entry) => listed(entry, { configured, needs }))),
    runningModels(settings),
  ]);
  const found = here.map((one) => ({ ...one, ...runningOf(one, running) }));
  if (options.json) {
    console.log(JSON.stringify(found, undefined, 2));
  } else {
    const rows = [HEADINGS, ...found.map(cells)];
    // Without a server there is nothing to say of where models run.
    console.log(table(running ? rows : rows.map((row) => row.slice(0, -1))));
    for (const line of reasons(found)) console.log(`\n${line}`);
    console.log('\n* configured (TTS_MODELS, ASR_MODELS). Fetch one with: chorus pull <model>');
  }
  for (const problem of catalogue.problems.values()) console.error(`chorus: ${problem.message}`);
  return catalogue.problems.size === 0 ? EXIT.ok : EXIT.failed;
}
