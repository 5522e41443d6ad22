import type { Middleware } from 'koa';
import type { DoorState } from '../../context.js';
import type { AppDependencies } from '../../dependencies.js';
import { serviceHealth } from '../model-state.js';
import { voiceInfos, type VoiceListSources } from './voice-list.js';

/** Handles `GET /stream/v1/tts/voices`: the names that a client may send. */
export function listNlsVoices(dependencies: AppDependencies): Middleware<DoorState> {
  return function listNlsVoices(ctx) {
    const voices = namesOf(dependencies);
    ctx.body = { voices, total: voices.length };
  };
}

/** Handles `GET /stream/v1/tts/voices/info`. */
export function describeNlsVoices(dependencies: AppDependencies): Middleware<DoorState> {
  return function describeNlsVoices(ctx) {
    const infos = voiceInfos(dependencies);
    const clones = infos.filter(({ type }) => type === 'clone').length;
    ctx.body = {
      voices: Object.fromEntries(infos.map((info) => [info.name, info])),
      total: infos.length,
      preset_count: infos.length - clones,
      clone_count: clones,
    };
  };
}

/** Handles `POST /stream/v1/tts/voices/refresh`: looks again what lies in `VOICES_DIR`. */
export function refreshNlsVoices(dependencies: AppDependencies): Middleware<DoorState> {
  return async function refreshNlsVoices(ctx) {
    const before = new Set(namesOf(dependencies));
    await dependencies.voices.refresh();
    const voices = namesOf(dependencies);
    const after = new Set(voices);
    ctx.body = {
      success: true,
      message: 'The voices were read again.',
      voices,
      total: voices.length,
      added: voices.filter((name) => !before.has(name)),
      removed: [...before].filter((name) => !after.has(name)),
    };
  };
}

/** Handles `GET /stream/v1/tts/health`. */
export function ttsHealth(dependencies: AppDependencies): Middleware<DoorState> {
  return function ttsHealth(ctx) {
    const status = dependencies.status();
    const { catalogue } = dependencies;
    const { isLoaded, loaded, ...health } = serviceHealth('tts', { status, catalogue });
    ctx.body = {
      ...health,
      version: status.version,
      // FunSpeech's names: its models with preset voices, and that which clones.
      sft_model_loaded: isLoaded,
      tts_model_loaded: false,
      loaded_models: loaded,
      preset_voices: presetNames(dependencies),
      tts_model_mode: dependencies.settings.ttsModelMode,
    };
  };
}

function namesOf(sources: VoiceListSources): string[] {
  return voiceInfos(sources).map(({ name }) => name);
}

function presetNames(sources: VoiceListSources): string[] {
  const infos = voiceInfos(sources).filter(({ type, available }) => type === 'preset' && available);
  return infos.map(({ name }) => name);
}
