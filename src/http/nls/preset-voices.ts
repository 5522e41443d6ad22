import type { ModelCard, VoiceCard } from '../../models/card.js';
import { listVoices } from '../../models/voices.js';

/** A voice that every FunSpeech server has by this name. */
export interface NlsPreset {
  readonly name: string;
  /** BCP 47. */
  readonly language: string;
  readonly gender: 'female' | 'male';
  readonly description: string;
}

/** In FunSpeech's order; clients send these names as they are. */
export const NLS_PRESETS: readonly NlsPreset[] = [
  preset('中文女', 'zh-CN', 'female', 'Chinese'),
  preset('中文男', 'zh-CN', 'male', 'Chinese'),
  preset('日语男', 'ja-JP', 'male', 'Japanese'),
  preset('粤语女', 'zh-HK', 'female', 'Cantonese'),
  preset('英文女', 'en-US', 'female', 'English'),
  preset('英文男', 'en-US', 'male', 'English'),
  preset('韩语女', 'ko-KR', 'female', 'Korean'),
];

/** Chinese of which a speaker of Mandarin understands little. */
const CANTONESE = /^(?:yue|zh-(?:hk|mo|yue))\b/i;

/** The voice of a model that a preset means: of its language and its gender, never of another. */
export function voiceOfPreset(card: ModelCard, wanted: NlsPreset): VoiceCard | undefined {
  const isCantonese = CANTONESE.test(wanted.language);
  const voices = isCantonese
    ? listVoices(card).filter(({ language }) => CANTONESE.test(language))
    : listVoices(card, wanted.language).filter(({ language }) => !CANTONESE.test(language));
  return voices.find(({ gender }) => gender === wanted.gender);
}

function preset(
  name: string,
  language: string,
  gender: NlsPreset['gender'],
  inWords: string,
): NlsPreset {
  return { name, language, gender, description: `${inWords}, ${gender}` };
}
