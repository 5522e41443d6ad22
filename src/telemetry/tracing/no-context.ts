import { type ContextManager, ROOT_CONTEXT } from '@opentelemetry/api';

/**
 * Follows no context through callbacks and promises: our spans are handed on by hand, and to follow
 * them by itself would cost Node 20 something at every promise of the process.
 */
export const NO_CONTEXT: ContextManager = {
  active: () => ROOT_CONTEXT,
  with: (_context, call, self, ...given) => call.apply(self, given),
  bind: (_context, target) => target,
  enable: () => NO_CONTEXT,
  disable: () => NO_CONTEXT,
};
