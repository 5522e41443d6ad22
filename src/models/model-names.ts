import { SettingsError } from '../config/settings-error.js';
import type { Settings } from '../config/settings.js';
import { ChorusError } from '../protocol/errors.js';
import type { Service } from '../protocol/requests.js';
import type { ModelCard } from './card.js';
import { entryOf } from './catalogue.js';
import type { Catalogue } from './catalogue.js';
import { resolveVoice } from './voices.js';

const SERVICES = ['tts', 'asr'] as const satisfies readonly Service[];
const SETTING: Readonly<Record<Service, string>> = { tts: 'TTS_MODELS', asr: 'ASR_MODELS' };
/** Model names of OpenAI's API, which clients send unless told otherwise: the service's default. */
const DEFAULT_ALIASES: Readonly<Record<Service, readonly string[]>> = {
  tts: ['tts-1', 'tts-1-hd', 'gpt-4o-mini-tts'],
  asr: ['whisper-1', 'gpt-4o-transcribe', 'gpt-4o-mini-transcribe'],
};
const WORK: Readonly<Record<ModelCard['task'], string>> = {
  tts: 'speaks text (tts)',
  asr: 'transcribes speech (asr)',
  vad: 'detects speech (vad)',
  llm: 'writes text (llm)',
};

type ConfiguredIds = Readonly<Record<Service, { readonly models: readonly string[] }>>;

/** Says which models are configured and what the names mean that clients send. */
export class ConfiguredModels {
  readonly #catalogue: Catalogue;
  readonly #configured: Readonly<Record<Service, readonly ModelCard[]>>;

  /** @throws SettingsError if a setting names a model that is not known or of another task. */
  constructor(catalogue: Catalogue, settings: Pick<Settings, Service> | ConfiguredIds) {
    this.#catalogue = catalogue;
    const problems: string[] = [];
    const cards = (service: Service): readonly ModelCard[] =>
      settings[service].models.flatMap((id) =>
        configuredCard({ catalogue, service, id, problems }),
      );
    this.#configured = { tts: cards('tts'), asr: cards('asr') };
    if (problems.length > 0) throw new SettingsError(problems);
  }

  /** Cards of a service's configured models, the default first. */
  configured(service: Service): readonly ModelCard[] {
    return this.#configured[service];
  }

  /** Every known card, configured or not. */
  all(): readonly ModelCard[] {
    return [...this.#catalogue.entries.values()].map((entry) => entry.card);
  }

  /** Folder of a model's weights. */
  modelDir(id: string): string {
    return entryOf(this.#catalogue, id).dir;
  }

  /**
   * Finds the configured model that a client means by an id or an alias.
   * @throws ChorusError `model_not_found`, or `wrong_task` if it is a model of another service.
   */
  resolveModel(idOrAlias: string, service?: Service): ModelCard {
    const card = this.#find(idOrAlias);
    if (card === undefined) throw this.#unknown(idOrAlias, service);
    if (service !== undefined && card.task !== service) {
      const fit = this.#configured[service].map((one) => one.id).join(', ');
      const message = `The model ${card.id} ${WORK[card.task]}; for this route use ${fit || 'none'}.`;
      throw new ChorusError('wrong_task', message, { param: 'model' });
    }
    return this.#served(card);
  }

  /** Turns a client's voice name into a voice id of a model; see {@link resolveVoice}. */
  resolveVoice(card: ModelCard, voice: string, language?: string): string {
    return resolveVoice(card, voice, language);
  }

  #find(name: string): ModelCard | undefined {
    const running = SERVICES.flatMap((service) => this.#configured[service]);
    const exact = running.find((card) => card.id === name);
    if (exact !== undefined) return exact;
    const known = this.#catalogue.entries.get(name)?.card;
    if (known !== undefined) return known;
    const renamed = [...running, ...this.all()].find((card) => card.aliases.includes(name));
    if (renamed !== undefined) return renamed;
    const service = SERVICES.find((one) => DEFAULT_ALIASES[one].includes(name));
    return service === undefined ? undefined : this.#configured[service][0];
  }

  #served(card: ModelCard): ModelCard {
    const service = SERVICES.find((one) => one === card.task);
    if (service !== undefined && this.#configured[service].includes(card)) return card;
    const mend = service === undefined ? 'No route serves it.' : `Add it to ${SETTING[service]}.`;
    const message = `The model ${card.id} is known but not configured. ${mend}`;
    throw new ChorusError('model_not_found', message, { param: 'model' });
  }

  #unknown(name: string, service?: Service): ChorusError {
    const services = service === undefined ? SERVICES : [service];
    const running = services.flatMap((one) => this.#configured[one]).map((card) => card.id);
    const message = `There is no model ${name} here; there is ${running.join(', ') || 'none'}.`;
    return new ChorusError('model_not_found', message, { param: 'model' });
  }
}

function configuredCard(wanted: {
  readonly catalogue: Catalogue;
  readonly service: Service;
  readonly id: string;
  readonly problems: string[];
}): ModelCard[] {
  const { catalogue, service, id, problems } = wanted;
  try {
    const { card } = entryOf(catalogue, id);
    if (card.task === service) return [card];
    problems.push(`${SETTING[service]}: the model ${id} ${WORK[card.task]}. Remove it there.`);
  } catch (caught) {
    const error = ChorusError.from(caught);
    problems.push(`${SETTING[service]}: ${error.message}`);
  }
  return [];
}
