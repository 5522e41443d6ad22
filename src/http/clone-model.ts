import type { Settings } from '../config/settings.js';

/** CosyVoice's own model that clones voices, in its second version. */
const COSYVOICE2 = 'CosyVoice2-0.5B';

/** The model that an operator coming from FunSpeech means to clone voices with; no engine runs it yet. */
export function cloneModelOf({
  cloneModelVersion,
  cosyvoice3ModelId,
}: Pick<Settings, 'cloneModelVersion' | 'cosyvoice3ModelId'>): string {
  return cloneModelVersion === 'cosyvoice3' ? cosyvoice3ModelId : COSYVOICE2;
}
