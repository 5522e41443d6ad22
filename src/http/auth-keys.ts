import { Keys } from './keys.js';

/** Who may do what. */
export interface AuthKeys {
  /** API keys of clients. */
  readonly api: Keys;
  /** Keys of operators; none = whoever sits at this machine is one. */
  readonly admin: Keys;
  /** Tokens of NLS clients; none = API keys are tokens too. */
  readonly token: Keys;
  /** Application keys of NLS clients; none = they are not looked at. */
  readonly appkey: Keys;
}

/** The keys that settings hold. */
export interface KeySettings {
  readonly apiKeys?: readonly string[];
  readonly adminKeys?: readonly string[];
  readonly appTokens?: readonly string[];
  readonly appKeys?: readonly string[];
}

/** Makes the sets of keys. */
export function authKeysOf(settings: KeySettings): AuthKeys {
  return {
    api: new Keys(settings.apiKeys ?? []),
    admin: new Keys(settings.adminKeys ?? []),
    token: new Keys(settings.appTokens ?? []),
    appkey: new Keys(settings.appKeys ?? []),
  };
}

/** Other keys count from now on. */
export function replaceKeys(keys: AuthKeys, settings: Required<KeySettings>): void {
  keys.api.replace(settings.apiKeys);
  keys.admin.replace(settings.adminKeys);
  keys.token.replace(settings.appTokens);
  keys.appkey.replace(settings.appKeys);
}

/**
 * The keys that open the doors of clients; empty = everybody may come in. Once any is set no door is
 * open: where there are no API keys, those of NLS clients are good everywhere.
 */
export function clientKeys({ api, token, appkey }: AuthKeys): readonly Keys[] {
  const candidates = api.isEmpty ? [token, appkey] : [api];
  return candidates.filter((keys) => !keys.isEmpty);
}
