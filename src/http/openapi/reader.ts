import type { IncomingHttpHeaders } from 'node:http';
import type { Middleware } from 'koa';
import { ChorusError } from '../../protocol/errors.js';
import { type AuthKeys, clientKeys } from '../auth-keys.js';
import { presentedKey } from '../presented-key.js';

/**
 * Lets readers of the documentation in where no key is needed, or who present one of a client or an
 * operator. Browsers send no Bearer header of their own, but ask for a name and a password (RFC 7617):
 * the password is the key. Nowhere else does it count, so that no other page can use what a browser
 * keeps.
 */
export function reader(keys: AuthKeys): Middleware {
  return function reader(ctx, next) {
    const accepted = clientKeys(keys);
    if (accepted.length === 0) return next();
    const key = presentedKey(ctx.headers) ?? passwordOf(ctx.headers);
    const isKnown = key !== undefined && [...accepted, keys.admin].map((one) => one.has(key));
    if (isKnown && isKnown.includes(true)) return next();
    ctx.set('WWW-Authenticate', 'Basic realm="Chorus", charset="UTF-8"');
    const message =
      'The documentation needs a key: "Authorization: Bearer <key>", or, in a browser, any user ' +
      'name and the key as the password.';
    throw new ChorusError('unauthorized', message);
  };
}

function passwordOf({ authorization }: IncomingHttpHeaders): string | undefined {
  const [, base64] = /^Basic +([A-Za-z0-9+/]+=*) *$/i.exec(authorization ?? '') ?? [];
  if (base64 === undefined) return undefined;
  const [, password] = /^[^:]*:(.+)$/s.exec(Buffer.from(base64, 'base64').toString('utf8')) ?? [];
  return password;
}
