import type { OpenApiOperation } from './document-types.js';
import type { Guard } from './operation.js';

/** The ways to present a key. */
export const SECURITY_SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'One of `API_KEYS`, or of `ADMIN_KEYS` for `/admin`.',
  },
  apiKey: {
    type: 'apiKey',
    in: 'header',
    name: 'api-key',
    description: 'The same keys, in a header of their own.',
  },
  nlsToken: {
    type: 'apiKey',
    in: 'header',
    name: 'X-NLS-Token',
    description: 'One of `APPTOKEN`; an API key while that is not set.',
  },
  nlsTokenQuery: {
    type: 'apiKey',
    in: 'query',
    name: 'token',
    description: 'The same token in the query.',
  },
  appkey: {
    type: 'apiKey',
    in: 'query',
    name: 'appkey',
    description: 'One of `APPKEY`; not looked at while that is not set.',
  },
  browser: {
    type: 'http',
    scheme: 'basic',
    description: 'For browsers: any user name, and a key as the password.',
  },
} as const;

type Scheme = keyof typeof SECURITY_SCHEMES;

const SCHEMES_OF: Readonly<Record<Guard, readonly Scheme[]>> = {
  open: [],
  key: ['bearer', 'apiKey'],
  operator: ['bearer', 'apiKey'],
  nls: ['nlsToken', 'nlsTokenQuery', 'bearer', 'appkey'],
  reader: ['bearer', 'apiKey', 'browser'],
};

/** The ways to be let in by a guard; any one of them will do. */
export function securityOf(guard: Guard): OpenApiOperation['security'] {
  return SCHEMES_OF[guard].map((scheme) => ({ [scheme]: [] }));
}
