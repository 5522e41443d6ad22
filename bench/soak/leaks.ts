import type { Site } from './site.js';
import { holdLeases } from './leaks/leases.js';

/** Leaks that can be planted, to see the check fail. */
export const LEAKS = ['descriptors', 'memory', 'leases'] as const;

/** One of them. */
export type Leak = (typeof LEAKS)[number];

/** Where a leak is planted: a module loaded into the server before its own, or a client. */
export type LeakPlan =
  | { readonly kind: 'preload'; readonly module: URL }
  | { readonly kind: 'client'; readonly hold: (site: Site, until: AbortSignal) => Promise<void> };

/** Says how a leak is planted. */
export function leakPlan(leak: Leak): LeakPlan {
  switch (leak) {
    case 'descriptors':
    case 'memory':
      return { kind: 'preload', module: new URL(`./leaks/${leak}.js`, import.meta.url) };
    case 'leases':
      return { kind: 'client', hold: holdLeases };
  }
}

/** The environment of a server with this leak; nothing is added for a leak of another kind. */
export function leakEnvironment(leak: Leak | undefined): NodeJS.ProcessEnv {
  const plan = leak === undefined ? undefined : leakPlan(leak);
  if (plan?.kind !== 'preload') return {};
  const options = [process.env['NODE_OPTIONS'] ?? '', `--import=${plan.module.href}`];
  return { NODE_OPTIONS: options.join(' ').trim() };
}
