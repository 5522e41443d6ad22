import type { WorkerPlan } from '../config/devices.js';
import type { Gpu } from '../config/gpus.js';
import { SettingsError } from '../config/settings-error.js';
import type { ServiceSettings, Settings } from '../config/settings.js';
import type { ModelCard } from '../models/card.js';
import { entryOf, type Catalogue } from '../models/catalogue.js';
import { chooseVariant, type ChosenVariant } from '../models/choose-variant.js';
import { bestOf, variantsOf, wishesFor, type DeviceKind, type Wish } from '../models/variants.js';
import type { Device } from '../protocol/control.js';
import type { Precision } from '../protocol/precision.js';
import type { Service } from '../protocol/requests.js';

const SERVICES = ['tts', 'asr'] as const satisfies readonly Service[];
const ON: Readonly<Record<DeviceKind, string>> = { cpu: 'on the CPU', cuda: 'on a GPU' };

/** Kinds of devices that a service is to compute on: those that are named, or what there is. */
function kindsOf({ devices }: ServiceSettings, gpus: readonly Gpu[]): DeviceKind[] {
  if (devices.kind === 'auto') return [gpus.length > 0 ? 'cuda' : 'cpu'];
  return [...new Set(devices.devices.map((name) => (name === 'cpu' ? 'cpu' : 'cuda')))];
}

/** Says in what models are wanted on this machine. */
export class Needs {
  readonly #settings: Settings;
  readonly #gpus: readonly Gpu[];

  constructor(settings: Settings, gpus: readonly Gpu[]) {
    this.#settings = settings;
    this.#gpus = gpus.filter(({ hiddenBy }) => hiddenBy === undefined);
  }

  /** Whether a GPU is here or named: what it may want is then not to be thrown away. */
  get mayUseGpu(): boolean {
    const { tts, asr } = this.#settings;
    const named = [tts, asr].some((service) => kindsOf(service, this.#gpus).includes('cuda'));
    return this.#gpus.length > 0 || named;
  }

  /** For each kind of device, and for the CPU too where a GPU's worker may have to go on without it. */
  readonly wishes = (card: ModelCard): readonly Wish[] => {
    const service = SERVICES.find((one) => one === card.task);
    if (service === undefined) return wishesFor(card, { kinds: ['cpu'], setting: 'auto' });
    const { requireGpu, [service]: settings } = this.#settings;
    const kinds = kindsOf(settings, this.#gpus);
    const all = requireGpu ? kinds : [...kinds, 'cpu' as const];
    return wishesFor(card, { kinds: [...new Set(all)], setting: settings.precision });
  };

  /** What is best here of each wish. */
  readonly precisions = (card: ModelCard): readonly Precision[] => bestOf(this.wishes(card));

  /** @throws SettingsError if a configured model cannot be had in the precision that is set. */
  assertSettings({ entries }: Catalogue): void {
    const problems = SERVICES.flatMap((service) => {
      const settings = this.#settings[service];
      const cards = settings.models.flatMap((id) => entries.get(id)?.card ?? []);
      return kindsOf(settings, this.#gpus).flatMap((kind) =>
        cards.flatMap((card) => problemOf(card, { service, kind, settings })),
      );
    });
    if (problems.length > 0) throw new SettingsError([...new Set(problems)]);
  }
}

interface Asked {
  readonly service: Service;
  readonly kind: DeviceKind;
  readonly settings: ServiceSettings;
}

function problemOf(card: ModelCard, { service, kind, settings }: Asked): string[] {
  const { precision } = settings;
  const variants = variantsOf(card);
  if (precision === 'auto' || variants?.[kind].includes(precision) === true) return [];
  const prefix = service.toUpperCase();
  const there =
    variants === undefined
      ? `the card of ${card.id} names no variants`
      : `${card.id} has ${variants[kind].join(', ')} ${ON[kind]}`;
  const mend = `Choose what all of ${prefix}_MODELS have there, or auto.`;
  return [`${prefix}_PRECISION=${precision}, but ${there}. ${mend}`];
}

/** The variant of a model that a worker is to run. */
export type VariantOf = (model: { readonly id: string; readonly device: Device }) => ChosenVariant;

/** Chooses the variants of all models on all devices that workers are planned on. */
export async function chooseVariants(
  plans: readonly Pick<WorkerPlan, 'device' | 'services'>[],
  settings: Settings,
  catalogue: Catalogue,
): Promise<VariantOf> {
  const chosen = new Map<string, ChosenVariant>();
  const keyOf = (id: string, { kind }: Device) => `${kind} ${id}`;
  for (const { device, services } of plans) {
    const kind = device.kind === 'gpu' ? 'cuda' : 'cpu';
    for (const service of services) {
      const { models, precision: setting } = settings[service];
      for (const id of models) {
        const variant = await chooseVariant(entryOf(catalogue, id), { kind, setting });
        chosen.set(keyOf(id, device), variant);
      }
    }
  }
  return ({ id, device }) => chosen.get(keyOf(id, device)) ?? {};
}
