import type { ModelCard } from '../../models/card.js';
import type { Service } from '../../protocol/requests.js';
import type { ServerStatus, WorkerModelStatus } from '../../protocol/status.js';
import type { AppDependencies } from '../dependencies.js';
import { hasPresets } from '../voicehub/modes.js';
import { type HealthState, SERVICES } from './health-state.js';

/** What these fields are drawn from. */
export interface FamilySources extends Pick<AppDependencies, 'catalogue' | 'settings' | 'voices'> {
  readonly status: ServerStatus;
  readonly state: HealthState;
}

const WORK: Readonly<Record<Service, string>> = { tts: 'speak', asr: 'transcribe' };
/** Letters of a digest that tell two versions of a model apart. */
const VERSION_LENGTH = 8;

/** What clients of CosyVoice, FunSpeech and dialog servers look for in `/health`. */
export function familyFields(sources: FamilySources): object {
  const { status, state, catalogue, settings, voices } = sources;
  const ready = readyModels(status);
  const isLoaded = (card: ModelCard | undefined): boolean =>
    ready.some((model) => model.id === card?.id);
  const voice = catalogue.configured('tts')[0];
  const model = voice ?? catalogue.configured('asr')[0];
  const hasPreset = voice !== undefined && isLoaded(voice) && voice.voices.length > 0;
  return {
    service: 'Chorus',
    message: messageFor(state, status),
    model_loaded: isLoaded(model),
    model_name: model?.id ?? null,
    model_version: model ? versionOf(model) : null,
    loaded_models: [...new Set(ready.map(({ id }) => id))],
    // As many as `GET /speakers` lists.
    speakers_count: voices.list().length,
    // No engine here clones voices yet.
    available_modes: hasPreset && hasPresets({ settings }) ? ['sft'] : [],
    asr_model_mode: settings.asrModelMode,
    device: ready.some(({ provider }) => provider === 'cuda') ? 'cuda' : 'cpu',
    active_sessions: status.requests.streams,
    max_sessions: settings.maxStreams * status.workers.length,
  };
}

function readyModels({ workers }: ServerStatus): readonly WorkerModelStatus[] {
  return workers.flatMap(({ models }) => models).filter(({ state }) => state === 'ready');
}

/** Cards have no version: the weights' digest says which model it is, whichever variant runs. */
function versionOf({ files }: ModelCard): string | null {
  const known = files.filter(({ sha256 }) => sha256 !== undefined);
  const [weights] = known.toSorted((one, other) => other.bytes - one.bytes);
  return weights?.sha256?.slice(0, VERSION_LENGTH) ?? null;
}

function messageFor(state: HealthState, { draining, services }: ServerStatus): string {
  if (draining) return 'The server is stopping: it finishes what runs and takes nothing new.';
  if (state === 'healthy') return 'The server is ready.';
  const waiting = SERVICES.filter(
    (service) => services[service].configured && services[service].readyReplicas === 0,
  )
    .map((service) => WORK[service])
    .join(' and ');
  if (state === 'unhealthy') return `The server cannot ${waiting} now: see warnings.`;
  return waiting === '' ? 'Models are being loaded.' : `Not ready to ${waiting} yet: loading.`;
}
