import type { ModelCard } from '../../models/card.js';
import { listVoices } from '../../models/voices.js';
import { ChorusError } from '../../protocol/errors.js';
import { cloneModelOf } from '../clone-model.js';
import type { AppDependencies } from '../dependencies.js';
import type { TtsMode } from './voicehub-schema.js';

/** What the modes depend on. */
export type ModeSources = Pick<AppDependencies, 'catalogue' | 'settings'>;

type Capability = ModelCard['capabilities'][number];

const MAX_NAMED = 8;
const NEEDS: Readonly<Record<TtsMode, readonly Capability[]>> = {
  zero_shot: ['cloning'],
  cross_lingual: ['cloning'],
  instruct2: ['cloning', 'instructions'],
  sft: [],
};
const IN_WORDS: Readonly<Partial<Record<Capability, string>>> = {
  cloning: 'clones voices',
  instructions: 'obeys instructions',
};

/** Whether preset voices may speak at all. */
export function hasPresets({ settings }: Pick<AppDependencies, 'settings'>): boolean {
  return settings.ttsModelMode !== 'cosyvoice2';
}

/** What a recording shall be spoken with. */
export interface AskedClone {
  readonly mode: TtsMode;
  /** A stored voice that `sft` was asked for. */
  readonly speaker?: string;
}

/**
 * The refusal of whatever needs a model that clones voices: what is missing, which models have it,
 * and what works instead. Another voice is never put in the place of the one that was asked for.
 */
export function cannotClone({ mode, speaker }: AskedClone, sources: ModeSources): ChorusError {
  const needs = NEEDS[mode].length > 0 ? NEEDS[mode] : NEEDS.zero_shot;
  const what = needs.map((one) => IN_WORDS[one]).join(' and ');
  const asked =
    speaker === undefined
      ? `Mode ${mode} needs`
      : `Speaker '${speaker}' has a recording, and needs`;
  const text = `${asked} a model that ${what}. ${ableModels(needs, sources)} ${worksNow(sources)}`;
  return new ChorusError('not_implemented', text, { param: 'mode' });
}

/** The refusal of preset voices where the settings have only cloned ones. */
export function noPresets(sources: ModeSources): ChorusError {
  const text = `Mode sft is off. ${ableModels(NEEDS.zero_shot, sources)} ${worksNow(sources)}`;
  return new ChorusError('not_implemented', text, { param: 'mode' });
}

function ableModels(needs: readonly Capability[], { catalogue, settings }: ModeSources): string {
  if (settings.ttsModelMode === 'cosyvoice1') {
    return 'TTS_MODEL_MODE=cosyvoice1 has preset voices only.';
  }
  const able = catalogue
    .all()
    .filter((card) => card.task === 'tts' && needs.every((one) => card.capabilities.includes(one)))
    .map(({ id }) => id);
  if (able.length > 0)
    return `These are described as such: ${able.join(', ')}; none speaks here yet.`;
  return (
    `No model of the catalogue does; ${cloneModelOf(settings)}, which ` +
    `CLONE_MODEL_VERSION=${settings.cloneModelVersion} ` +
    'means, is not run by any engine here yet.'
  );
}

function worksNow({ catalogue, settings }: ModeSources): string {
  if (!hasPresets({ settings })) {
    return 'TTS_MODEL_MODE=cosyvoice2 has no preset voices: nothing speaks until there is such a model.';
  }
  const voices = catalogue.configured('tts').flatMap((card) => listVoices(card));
  const named = voices.slice(0, MAX_NAMED).map(({ id }) => id);
  const others = voices.length - named.length;
  if (named.length === 0) return 'No model that speaks is configured (TTS_MODELS).';
  return `Mode sft works now, with ${named.join(', ')}${others > 0 ? ` and ${others} others` : ''}.`;
}
