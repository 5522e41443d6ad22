import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { parse } from 'yaml';
import { SETTING_NAMES, isSettingName } from './table.js';
import type { SettingName } from './table.js';

/** The text of a setting and the place that gave it. */
export interface RawSetting {
  readonly text: string;
  readonly origin: string;
}

/** What all places together say, before any of it is understood. */
export interface RawSettings {
  readonly settings: ReadonlyMap<SettingName, RawSetting>;
  readonly problems: readonly string[];
}

/** Where settings are looked for. */
export interface SettingSource {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

interface Place {
  readonly origin: string;
  readonly entries: readonly (readonly [string, string])[];
  readonly problems: readonly string[];
}

/** Names in the environment that begin so are close enough to ours to be looked at for slips. */
const OWN_PREFIXES = ['TTS_', 'ASR_', 'LEAK_', 'NVML_'];
const CLOSE_EDITS = 2;

/** Edits (insert, delete, replace) that turn one word into another; Wagner and Fischer, 1974. */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line += 1) {
    const next = [line];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (from[line - 1] === to[column - 1] ? 0 : 1);
      const removed = (row[column] ?? 0) + 1;
      const inserted = (next[column - 1] ?? 0) + 1;
      next.push(Math.min(replaced, removed, inserted));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

function closest(name: string): SettingName | undefined {
  const ranked = SETTING_NAMES.map((known) => ({ known, edits: editDistance(name, known) }));
  const best = ranked.toSorted((a, b) => a.edits - b.edits)[0];
  return best !== undefined && best.edits <= CLOSE_EDITS ? best.known : undefined;
}

function unknown(origin: string, names: readonly string[]): string {
  const shown = names.toSorted().map((name) => {
    const meant = closest(name.toUpperCase());
    return meant === undefined ? name : `${name} (did you mean ${meant}?)`;
  });
  return (
    `${origin} sets what is no setting of Chorus: ${shown.join(', ')}. ` +
    `Correct or remove it. Known settings: ${SETTING_NAMES.join(', ')}.`
  );
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function fromEnvironment(env: NodeJS.ProcessEnv): Place {
  const origin = 'environment';
  const entries = Object.entries(env).map(([name, text]) => [name, text ?? ''] as const);
  // Foreign variables are none of our business (Kubernetes even sets TTS_PORT for a service named
  // tts); only a slip in a name of ours is worth a refusal.
  const slips = entries
    .map(([name]) => name)
    .filter((name) => OWN_PREFIXES.some((prefix) => name.startsWith(prefix)))
    .filter((name) => !isSettingName(name) && closest(name) !== undefined);
  const problems = slips.length === 0 ? [] : [unknown(`The ${origin}`, slips)];
  return { origin, entries: entries.filter(([name]) => isSettingName(name)), problems };
}

function fromFile(
  cwd: string,
  origin: string,
  read: (text: string) => readonly (readonly [string, unknown])[],
): Place {
  const problems: string[] = [];
  const entries: (readonly [string, string])[] = [];
  const strangers: string[] = [];
  const seen = new Set<string>();
  try {
    for (const [key, value] of read(readIfThere(join(cwd, origin)) ?? '')) {
      const name = key.toUpperCase();
      const text = asText(value);
      if (!isSettingName(name)) strangers.push(key);
      else if (seen.has(name)) problems.push(`${origin} sets ${name} twice. Remove one of them.`);
      else if (text === undefined) problems.push(`${name} in ${origin} must be a value or a list.`);
      else entries.push([name, text]);
      seen.add(name);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    problems.push(`${origin} cannot be read: ${reason.split('\n')[0]}`);
  }
  if (strangers.length > 0) problems.push(unknown(origin, strangers));
  return { origin, entries, problems };
}

function asText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  return value.every((item) => typeof item === 'string') ? value.join(',') : undefined;
}

function yamlEntries(text: string): [string, unknown][] {
  // The failsafe schema keeps every scalar as written: a key `0123` must not become the number 123.
  const document: unknown = parse(text, { schema: 'failsafe' }) ?? {};
  if (document === '') return [];
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new Error('it must be a mapping of settings to values');
  }
  return Object.entries(document).map(([key, value]) => [key, value === '~' ? '' : value]);
}

function envEntries(text: string): [string, string][] {
  return Object.entries(parseEnv(text)).map(([name, value]) => [name, value ?? '']);
}

/**
 * Collects settings from the environment, then `.env`, then `chorus.yaml`: the first that sets one
 * wins. An empty value counts as not set, so that a blank passed through by a container runtime
 * does not hide (say) the keys that a file sets.
 */
export function readSources(source: SettingSource): RawSettings {
  const places = [
    fromEnvironment(source.env),
    fromFile(source.cwd, '.env', envEntries),
    fromFile(source.cwd, 'chorus.yaml', yamlEntries),
  ];
  const settings = new Map<SettingName, RawSetting>();
  for (const { origin, entries } of places) {
    for (const [name, text] of entries) {
      if (!isSettingName(name) || settings.has(name) || text.trim() === '') continue;
      settings.set(name, { text, origin });
    }
  }
  return { settings, problems: places.flatMap((place) => place.problems) };
}
