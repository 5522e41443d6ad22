import type { Middleware } from 'koa';
import type { AsrModelMode } from '../../../config/settings.js';
import type { ModelCard } from '../../../models/card.js';
import type { DoorState } from '../../context.js';
import type { AppDependencies } from '../../dependencies.js';
import { loadedModels, serviceHealth } from '../model-state.js';

/** Handles `GET /stream/v1/asr/health`. */
export function asrHealth(dependencies: AppDependencies): Middleware<DoorState> {
  return function asrHealth(ctx) {
    const status = dependencies.status();
    const { catalogue, settings } = dependencies;
    const { isLoaded, loaded, ...health } = serviceHealth('asr', { status, catalogue });
    ctx.body = {
      ...health,
      model_loaded: isLoaded,
      version: status.version,
      loaded_models: loaded,
      asr_model_mode: settings.asrModelMode,
    };
  };
}

/** Handles `GET /stream/v1/asr/models`: every model that is known here, loaded or not. */
export function listAsrModels(dependencies: AppDependencies): Middleware<DoorState> {
  return function listAsrModels(ctx) {
    const { catalogue, settings } = dependencies;
    const loaded = loadedModels(dependencies.status(), 'asr');
    const running = catalogue.configured('asr');
    const others = catalogue.all().filter((card) => card.task === 'asr' && !running.includes(card));
    const cards = [...running, ...others];
    ctx.body = {
      models: cards.map((card) => ({
        ...described(card, { mode: settings.asrModelMode, isLoaded: loaded.has(card.id) }),
        default: card === running[0],
      })),
      total: cards.length,
      loaded_count: cards.filter(({ id }) => loaded.has(id)).length,
      asr_model_mode: settings.asrModelMode,
    };
  };
}

/** FunSpeech's fields; all our engines hear live speech and files with the same weights. */
function described(
  card: ModelCard,
  { mode, isLoaded }: { readonly mode: AsrModelMode; readonly isLoaded: boolean },
): Readonly<Record<string, unknown>> {
  const { id, name, engine, description, languages } = card;
  const isRun = engine !== 'none';
  // Whether weights that nobody has asked for lie on the disk is not looked at.
  const weights = { path: id, exists: isLoaded };
  return {
    ...{ id, name, engine, description, languages },
    supports_realtime: isRun && mode !== 'offline',
    offline_model: mode === 'realtime' ? null : weights,
    realtime_model: mode === 'offline' ? null : weights,
    asr_model_mode: mode,
    loaded: isLoaded,
  };
}
