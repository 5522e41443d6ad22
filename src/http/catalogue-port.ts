import type { ModelCard } from '../models/card.js';
import type { Service } from '../protocol/requests.js';

/** What the doors ask about models: which are configured, and what a client's names mean. */
export interface ModelNames {
  /** Cards of the configured models of a service, the default first. */
  configured(service: Service): readonly ModelCard[];
  /** Every card on disk, configured or not. */
  all(): readonly ModelCard[];
  /**
   * Finds a configured model by id or alias.
   * @throws ChorusError `model_not_found`, `wrong_task`.
   */
  resolveModel(idOrAlias: string, service?: Service): ModelCard;
  /**
   * Finds a voice of a model by id or alias and returns its id; of a mix, where the model takes
   * any, with those of its parts.
   * @throws ChorusError `voice_not_found`, `invalid_value`.
   */
  resolveVoice(card: ModelCard, voice: string): string;
}
