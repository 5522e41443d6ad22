import type { ModelCard, VoiceCard } from '../../../models/card.js';
import { listVoices } from '../../../models/voices.js';
import type { AppDependencies } from '../../dependencies.js';
import { loadedModels } from '../model-state.js';
import { NLS_PRESETS, type NlsPreset } from '../preset-voices.js';
import { findNlsPreset } from '../voice-names.js';

/** What lists of voices are drawn from. */
export type VoiceListSources = Pick<
  AppDependencies,
  'catalogue' | 'voices' | 'settings' | 'status'
>;

/** A voice as `/stream/v1/tts/voices/info` tells of it. */
export interface NlsVoiceInfo {
  readonly name: string;
  readonly type: 'preset' | 'clone';
  /** BCP 47. */
  readonly language: string;
  readonly gender: string;
  readonly description: string;
  /** Of the voice itself; null where no model has it. */
  readonly sample_rate: number | null;
  /** Whether it can be spoken with now. */
  readonly available: boolean;
}

/** What is not known about a recording. */
const UNKNOWN = 'unknown';

/** The voices that a client may name, each once: preset names, voices of models, stored ones. */
export function voiceInfos(sources: VoiceListSources): readonly NlsVoiceInfo[] {
  const { ttsModelMode } = sources.settings;
  const infos = [
    ...(ttsModelMode === 'cosyvoice2' ? [] : presetInfos(sources)),
    ...(ttsModelMode === 'cosyvoice1' ? [] : storedInfos(sources)),
    ...(ttsModelMode === 'cosyvoice2' ? [] : ownInfos(sources)),
  ];
  // A name means the first of them.
  const byName = new Map(infos.toReversed().map((info) => [info.name, info]));
  return infos.filter((info) => byName.get(info.name) === info);
}

function presetInfos(sources: VoiceListSources): NlsVoiceInfo[] {
  const loaded = loadedModels(sources.status(), 'tts');
  return NLS_PRESETS.map((preset) => {
    const { name, language, gender, description } = preset;
    const card = cardOf(preset, sources);
    return {
      ...{ name, type: 'preset', language, gender, description },
      sample_rate: card?.sampleRateHz ?? null,
      available: card !== undefined && loaded.has(card.id),
    };
  });
}

function cardOf(preset: NlsPreset, sources: VoiceListSources): ModelCard | undefined {
  return findNlsPreset(preset, sources)?.card;
}

function ownInfos({ catalogue, status }: VoiceListSources): NlsVoiceInfo[] {
  const loaded = loadedModels(status(), 'tts');
  return catalogue
    .configured('tts')
    .flatMap((card) => listVoices(card).map((voice) => ownInfo(card, voice, loaded)));
}

function ownInfo(
  card: ModelCard,
  { id, name, language, gender = 'neutral' }: VoiceCard,
  loaded: ReadonlySet<string>,
): NlsVoiceInfo {
  const description = `${name}, of ${card.id}`;
  return {
    ...{ name: id, type: 'preset', language, gender, description },
    sample_rate: card.sampleRateHz ?? null,
    available: loaded.has(card.id),
  };
}

/** No engine clones voices yet. */
function storedInfos({ voices }: VoiceListSources): NlsVoiceInfo[] {
  return voices.list().map(({ name, language = UNKNOWN, origin }) => ({
    ...{ name, type: 'clone', language, gender: UNKNOWN, sample_rate: null, available: false },
    description: origin === 'folder' ? 'A recording in VOICES_DIR' : 'A registered recording',
  }));
}
