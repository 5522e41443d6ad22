import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { ChorusError } from '../../protocol/errors.js';
import { isAllowedHost } from './allowed-hosts.js';
import { isPublicAddress } from './public-address.js';

/** Longest address that is taken, in characters. */
const MAX_URL_LENGTH = 2048;
/** Ports below this belong to services of the system, and mail servers among them believe HTTP. */
const FIRST_FREE_PORT = 1024;

/** An IP address of a host. */
export interface HostAddress {
  readonly address: string;
  readonly family: number;
}

/** Finds a host's addresses, all of them. */
export type ResolveHost = (hostname: string) => Promise<readonly HostAddress[]>;

/** Asks the system's resolver, as every other program on the machine does. */
export const systemResolve: ResolveHost = (hostname) => lookup(hostname, { all: true });

/** Where a request goes: nobody looks the name up again. */
export interface Destination {
  readonly url: URL;
  readonly addresses: readonly HostAddress[];
}

/** Which hosts count. */
export interface DestinationRules {
  /** Hosts that may be asked although they are not public; in lower case. */
  readonly allowHosts: readonly string[];
  readonly resolve: ResolveHost;
}

/**
 * Checks what can be known of an address without asking anybody: `http` or `https`, no credentials, at
 * most 2048 characters, a port that is 80, 443 or above 1023, and no IP address that is not public.
 * Hosts of `allowHosts` may have any address and any port.
 * @throws ChorusError `forbidden_address`; the message does not repeat the address.
 */
export function checkUrl(text: string, allowHosts: readonly string[]): URL {
  if (text.length > MAX_URL_LENGTH) {
    throw forbidden(`has more than ${MAX_URL_LENGTH} characters`);
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw forbidden('is not a URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw forbidden('does not begin with http:// or https://');
  }
  if (url.username !== '' || url.password !== '') throw forbidden('holds credentials');
  if (isAllowedHost(url.hostname, allowHosts)) return url;
  if (!isUsualPort(url.port)) throw forbidden('has a port below 1024 that is neither 80 nor 443');
  const literal = literalOf(url);
  if (literal !== undefined && !isPublicAddress(literal.address)) throw notPublic();
  return url;
}

/**
 * Looks an address's host up, once, and refuses it if any of what is found is not public: which of
 * them a connection would take is not ours to say.
 * @throws ChorusError `forbidden_address`, or `fetch_failed` if the host is not found.
 */
export async function findDestination(
  url: URL,
  { allowHosts, resolve }: DestinationRules,
): Promise<Destination> {
  checkUrl(url.href, allowHosts);
  const literal = literalOf(url);
  if (literal !== undefined) return { url, addresses: [literal] };
  const addresses = await resolve(url.hostname).catch(() => []);
  if (addresses.length === 0) {
    throw new ChorusError('fetch_failed', "The address's host was not found.");
  }
  const isAllowed = isAllowedHost(url.hostname, allowHosts);
  if (!isAllowed && !addresses.every(({ address }) => isPublicAddress(address))) throw notPublic();
  return { url, addresses };
}

/** Whoever writes the IP address itself: `URL` has turned its octal, hex and short forms into one. */
function literalOf({ hostname }: URL): HostAddress | undefined {
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(address);
  return family === 0 ? undefined : { address, family };
}

function isUsualPort(port: string): boolean {
  return port === '' || port === '80' || port === '443' || Number(port) >= FIRST_FREE_PORT;
}

function notPublic(): ChorusError {
  return forbidden('leads to a host that is not public; FETCH_ALLOW_HOSTS can allow it');
}

function forbidden(what: string): ChorusError {
  return new ChorusError('forbidden_address', `The address ${what}.`);
}
