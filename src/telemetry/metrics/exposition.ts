import { setImmediate } from 'node:timers/promises';

import type { Registry } from 'prom-client';

/** The formats of a scrape, by their media types; see {@link exposition}. */
export const EXPOSITION_TYPES = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openMetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const;

/** One of the two formats that Prometheus reads. */
export type ExpositionFormat = keyof typeof EXPOSITION_TYPES;

/** Rendering gives way to requests after so long. */
const SLICE_MS = 2;

/**
 * Draws all series of a registry that have a sample. prom-client's own OpenMetrics mode renames the
 * counters for good, so the text is turned into OpenMetrics here: a counter's family has no `_total`.
 */
export async function exposition(registry: Registry, format: ExpositionFormat): Promise<string> {
  const families: string[] = [];
  let sliceStart = performance.now();
  for (const { name } of registry.getMetricsAsArray()) {
    const family = await registry.getSingleMetricAsString(name);
    if (hasSamples(family)) families.push(format === 'text' ? family : openMetricsFamily(family));
    if (performance.now() - sliceStart < SLICE_MS) continue;
    await setImmediate();
    sliceStart = performance.now();
  }
  return format === 'text' ? `${families.join('\n\n')}\n` : `${families.join('\n')}\n# EOF\n`;
}

/** The first two lines of a family say what it is. */
function hasSamples(family: string): boolean {
  return /\n[^#\n]/.test(family);
}

function openMetricsFamily(family: string): string {
  return family.replace(/^# HELP (\S+)_total (.*)\n# TYPE \S+ counter/, (_, name, help) =>
    [`# HELP ${name} ${help}`, `# TYPE ${name} counter`].join('\n'),
  );
}
