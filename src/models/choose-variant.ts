import type { Precision, PrecisionSetting } from '../protocol/precision.js';
import type { CatalogueEntry } from './catalogue.js';
import { modelState } from './model-state.js';
import { wishesFor, type DeviceKind, type Wish } from './variants.js';

/** Which variant a worker is to run, and which where it has lost its GPU. */
export interface ChosenVariant {
  /** Absent if the model has no variants. */
  readonly precision?: Precision;
  readonly cpuPrecision?: Precision;
  /** Why `precision` is not the one that is preferred on the device, if it is not. */
  readonly precisionReason?: string;
}

/**
 * Chooses what a model is run in on a kind of device: the best of what is here. Where nothing is, the
 * best, so that who loads it says what is missing.
 */
export async function chooseVariant(
  entry: CatalogueEntry,
  { kind, setting }: { readonly kind: DeviceKind; readonly setting: PrecisionSetting },
): Promise<ChosenVariant> {
  const [wish] = wishesFor(entry.card, { kinds: [kind], setting });
  const precision = wish && (await bestHere(entry, wish));
  if (wish === undefined || precision === undefined) return {};
  const [wanted] = wish;
  const reason =
    wanted === undefined || wanted === precision
      ? {}
      : { precisionReason: reasonFor(entry.card.id, { wanted, precision, kind }) };
  if (kind === 'cpu') return { precision, ...reason };
  const onCpu = await chooseVariant(entry, { kind: 'cpu', setting });
  const cpu = onCpu.precision === undefined ? {} : { cpuPrecision: onCpu.precision };
  return { precision, ...cpu, ...reason };
}

/** The first of a wish that is here; the first of all if none is. */
export async function bestHere(entry: CatalogueEntry, wish: Wish): Promise<Precision | undefined> {
  for (const precision of wish) {
    const { summary } = await modelState(entry, [precision]);
    if (summary === 'ready') return precision;
  }
  return wish[0];
}

function reasonFor(
  id: string,
  of: { readonly wanted: Precision; readonly precision: Precision; readonly kind: DeviceKind },
): string {
  const slow = of.kind === 'cuda' && of.precision === 'int8' ? ', which can be slow on a GPU' : '';
  return (
    `${id} runs in ${of.precision}${slow}, because its variant ${of.wanted} is not here: ` +
    `\`chorus pull ${id}\` fetches it, and a restart then takes it.`
  );
}
