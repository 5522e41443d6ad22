import type { ModelCard } from '../../models/card.js';
import { listVoices } from '../../models/voices.js';
import { ChorusError } from '../../protocol/errors.js';
import type { AppDependencies } from '../dependencies.js';
import { cloneModelOf } from '../clone-model.js';
import { findPreset, type PresetVoice } from '../preset-voice.js';
import type { StoredVoices } from '../voices-port.js';
import { NLS_PRESETS, type NlsPreset, voiceOfPreset } from './preset-voices.js';

/** What names of voices depend on. */
export interface VoiceSources {
  readonly catalogue: AppDependencies['catalogue'];
  readonly voices: Pick<StoredVoices, 'get'>;
  readonly settings: Pick<
    AppDependencies['settings'],
    'ttsModelMode' | 'cloneModelVersion' | 'cosyvoice3ModelId'
  >;
}

const MAX_NAMED = 8;

/**
 * Finds the voice that an NLS client means: one of FunSpeech's preset names, a stored voice, or an id
 * or alias of a configured model's voice (the default model first). Another voice is never put in the
 * place of the one that was asked for.
 * @param name Undefined = the default voice.
 * @throws ChorusError `voice_not_found` that says what would help; `not_implemented` for a stored
 * voice, which only a model that clones voices can speak with.
 */
export function resolveNlsVoice(name: string | undefined, sources: VoiceSources): PresetVoice {
  const { catalogue, settings } = sources;
  if (settings.ttsModelMode === 'cosyvoice2') throw onlyStored(name, sources);
  if (name === undefined) return defaultVoice(sources);
  const preset = NLS_PRESETS.find((one) => one.name === name);
  if (preset) return presetVoice(preset, sources);
  if (storedVoice(name, sources)) throw cannotClone(name, sources);
  const found = findPreset(catalogue, name);
  if (found) return found;
  throw notFound(`There is no voice "${name}" here. ${worksNow(sources)}`);
}

/** The voice of a configured model that a preset means now, if there is one. */
export function findNlsPreset(
  preset: NlsPreset,
  { catalogue }: Pick<VoiceSources, 'catalogue'>,
): PresetVoice | undefined {
  for (const card of catalogue.configured('tts')) {
    const voice = voiceOfPreset(card, preset);
    if (voice) return { card, voice: voice.id };
  }
  return undefined;
}

function defaultVoice({ catalogue }: VoiceSources): PresetVoice {
  const found = findPreset(catalogue);
  if (found) return found;
  throw notFound('No model that speaks is configured: name one in TTS_MODELS.');
}

function presetVoice(preset: NlsPreset, sources: VoiceSources): PresetVoice {
  const found = findNlsPreset(preset, sources);
  if (found) return found;
  const what = `The voice ${preset.name} (${preset.description}) has no model here`;
  const able = sources.catalogue.all().find((card) => speaks(card, preset));
  const advice = able
    ? `${able.id} has such a voice: add it to TTS_MODELS.`
    : 'no known model has such a voice that can be read.';
  throw notFound(`${what}; ${advice} ${worksNow(sources)}`);
}

function speaks(card: ModelCard, preset: NlsPreset): boolean {
  return card.task === 'tts' && voiceOfPreset(card, preset) !== undefined;
}

/** With the preset voices alone, nobody has stored any. */
function storedVoice(name: string, { voices, settings }: VoiceSources): boolean {
  return settings.ttsModelMode !== 'cosyvoice1' && voices.get(name) !== undefined;
}

function onlyStored(name: string | undefined, sources: VoiceSources): ChorusError {
  if (name !== undefined && storedVoice(name, sources)) return cannotClone(name, sources);
  const which = name === undefined ? 'A voice must be named' : `There is no stored voice "${name}"`;
  return notFound(`${which}: TTS_MODEL_MODE=cosyvoice2 has no preset voices, stored ones only.`);
}

function cannotClone(name: string, { catalogue, settings }: VoiceSources): ChorusError {
  const able = catalogue.all().find(({ capabilities }) => capabilities.includes('cloning'));
  const model =
    able?.id ?? `${cloneModelOf(settings)} (CLONE_MODEL_VERSION=${settings.cloneModelVersion})`;
  const message =
    `The voice "${name}" is a recording, and only a model that clones voices can speak with it: ` +
    `${model}, which no engine runs here yet.`;
  return new ChorusError('not_implemented', message, { param: 'voice' });
}

/** What a client may ask for instead. */
function worksNow(sources: VoiceSources): string {
  const presets = NLS_PRESETS.filter((preset) => findNlsPreset(preset, sources));
  const own = sources.catalogue.configured('tts').flatMap((card) => listVoices(card));
  const names = [...presets.map(({ name }) => name), ...own.map(({ id }) => id)];
  if (names.length === 0) return 'No model that speaks is configured (TTS_MODELS).';
  const others = names.length - MAX_NAMED;
  const and = others > 0 ? ` and ${others} others` : '';
  return `There are: ${names.slice(0, MAX_NAMED).join(', ')}${and}.`;
}

function notFound(message: string): ChorusError {
  return new ChorusError('voice_not_found', message, { param: 'voice' });
}
