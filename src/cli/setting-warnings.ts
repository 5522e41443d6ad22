import type { Settings } from '../config/settings.js';

/** The settings that can leave clients without what they ask for. */
export type DoubtfulSettings = Pick<Settings, 'ttsModelMode' | 'tts'>;

/**
 * Says which settings are in order and yet have requests refused, so that an operator who brings them
 * from another server reads it at the start and in `/health`, and not in clients' logs.
 */
export function settingWarnings({ ttsModelMode, tts }: DoubtfulSettings): readonly string[] {
  if (ttsModelMode !== 'cosyvoice2' || tts.models.length === 0) return [];
  return [
    'TTS_MODEL_MODE=cosyvoice2 leaves cloned voices only, and none of TTS_MODELS clones voices: ' +
      'speech for NLS and VoiceHub clients is refused as not implemented. Set it to all or cosyvoice1.',
  ];
}
