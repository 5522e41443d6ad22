import { isIP } from 'node:net';
import { z } from 'zod';
import type { DeviceSelection, LogLevel } from './settings.js';

/** Reads the text of one setting; `undefined` from `read` means that the text is not allowed. */
export interface ValueKind<Value> {
  readonly schema: z.ZodType<Value, string>;
  /** What is allowed, to follow the words "must be". */
  readonly allowed: string;
}

function kind<Value>(allowed: string, read: (text: string) => Value | undefined): ValueKind<Value> {
  const schema = z.string().transform((text, context) => {
    const value = read(text.trim());
    if (value !== undefined) return value;
    context.issues.push({ code: 'custom', message: allowed, input: text });
    return z.NEVER;
  });
  return { schema, allowed };
}

const SIZE = /^(\d+(?:\.\d+)?)\s*(|b|k|kb|kib|m|mb|mib|g|gb|gib)$/i;
const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 2 ** 10,
  kb: 1e3,
  kib: 2 ** 10,
  m: 2 ** 20,
  mb: 1e6,
  mib: 2 ** 20,
  g: 2 ** 30,
  gb: 1e9,
  gib: 2 ** 30,
};
const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  1: true,
  yes: true,
  false: false,
  0: false,
  no: false,
};
/** Both pino's names and those of Python's logging, which the users of other servers know. */
const LOG_LEVELS: Readonly<Record<string, LogLevel>> = {
  fatal: 'fatal',
  critical: 'fatal',
  error: 'error',
  warn: 'warn',
  warning: 'warn',
  info: 'info',
  debug: 'debug',
  trace: 'trace',
  silent: 'silent',
};
const MODEL_ID = /^[\w.-]+$/;
const DEVICE = /^(?:cpu|0|[1-9]\d{0,3}|(?:GPU|MIG)-[0-9a-fA-F][0-9a-fA-F-]+)$/;
/** What an HTTP header can carry unquoted: a key outside of it could never be presented. */
const SECRET = /^[\x21-\x7e]+$/;

/** A record's own entry only: `constructor` or `toString` is no known name. */
function lookUp<Value>(names: Readonly<Record<string, Value>>, text: string): Value | undefined {
  const name = text.toLowerCase();
  return Object.hasOwn(names, name) ? names[name] : undefined;
}

function items(text: string): string[] {
  return text.split(',').map((item) => item.trim());
}

function listOf(
  text: string,
  rules: { readonly item: (item: string) => boolean; readonly repeats: boolean },
): string[] | undefined {
  const list = items(text);
  if (!rules.repeats && new Set(list).size < list.length) return undefined;
  return list.every((item) => rules.item(item)) ? list : undefined;
}

/** A whole number between two bounds, both allowed. */
export function whole(min: number, max: number): ValueKind<number> {
  return kind(`a whole number from ${min} to ${max}`, (text) => {
    const value = Number(text);
    return /^\d+$/.test(text) && value >= min && value <= max ? value : undefined;
  });
}

/** A decimal number between two bounds, both allowed. */
export function fraction(min: number, max: number): ValueKind<number> {
  return kind(`a number from ${min} to ${max}`, (text) => {
    const value = Number(text);
    return /^\d+(?:\.\d+)?$/.test(text) && value >= min && value <= max ? value : undefined;
  });
}

/** One name of a closed set, in any letter case. */
export function oneOf<Name extends string>(known: readonly Name[]): ValueKind<Name> {
  return kind(`one of ${known.join(', ')}`, (text) =>
    known.find((name) => name === text.toLowerCase()),
  );
}

/** A size: plain bytes, or a number with a decimal (`100MB`) or binary (`512MiB`) unit. */
export function size(minBytes: number, maxBytes: number): ValueKind<number> {
  const allowed = `a size from ${minBytes} to ${maxBytes} bytes, such as 512MiB, 100MB or 1048576`;
  return kind(allowed, (text) => {
    const [, number = '', unit = ''] = SIZE.exec(text) ?? [];
    const bytes = Number(number) * (UNIT_BYTES[unit.toLowerCase()] ?? Number.NaN);
    if (number === '' || !Number.isInteger(bytes)) return undefined;
    return bytes >= minBytes && bytes <= maxBytes ? bytes : undefined;
  });
}

/** A switch. */
export const yesOrNo = kind('true, false, 1, 0, yes or no', (text) => lookUp(BOOLEANS, text));

/** How much is logged. */
export const logLevel = kind(`one of ${Object.keys(LOG_LEVELS).join(', ')}`, (text) =>
  lookUp(LOG_LEVELS, text),
);

/** A file or folder; made absolute later, against the folder that the server starts in. */
export const path = kind('a path', (text) => (text.includes('\0') ? undefined : text));

/** An address to listen at. */
export const host = kind('an IP address or a host name, without a scheme or a port', (text) =>
  isIP(text) > 0 || /^[\w-]+(?:\.[\w-]+)*$/.test(text) ? text : undefined,
);

const HOST_PATTERN = /^(?:\*\.)?[\w-]+(?:\.[\w-]+)*$/;

/** Hosts, such as `intranet.example`, `*.example`, `10.0.0.7` or `[::1]`, in lower case. */
export const hosts = kind(
  'host names, *.domain or IP addresses (IPv6 in brackets), divided by commas',
  (text) => {
    const isHost = (item: string): boolean =>
      HOST_PATTERN.test(item) || (/^\[.+\]$/.test(item) && isIP(item.slice(1, -1)) === 6);
    return listOf(text.toLowerCase(), { item: isHost, repeats: true });
  },
);

/** A model's id at a hub, such as `owner/name`. */
export const hubModelId = kind('a model id such as owner/name', (text) =>
  /^[\w.-]+\/[\w.-]+$/.test(text) ? text : undefined,
);

/** The base of an HTTP address, without the slash at its end. */
export const httpUrl = kind('an http:// or https:// address', (text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined;
  return text.replace(/\/+$/, '');
});

/** One secret. */
export const secret = kind('printable ASCII without spaces', (text) =>
  SECRET.test(text) ? text : undefined,
);

/** Secrets, each of which opens the door. */
export const secrets = kind('keys of printable ASCII without spaces, divided by commas', (text) =>
  listOf(text, { item: (item) => SECRET.test(item), repeats: true }),
);

/** Names from a closed set, each at most once, in the order that counts. */
export function names(known: readonly string[]): ValueKind<readonly string[]> {
  return kind(`one or more of ${known.join(', ')}, divided by commas, none twice`, (text) =>
    listOf(text.toLowerCase(), { item: (item) => known.includes(item), repeats: false }),
  );
}

/** Model ids, or the word that switches a service off. */
export const modelIds = kind('model ids divided by commas, none twice, or none alone', (text) => {
  if (text.toLowerCase() === 'none') return [];
  const isId = (item: string): boolean => MODEL_ID.test(item) && item.toLowerCase() !== 'none';
  return listOf(text, { item: isId, repeats: false });
});

/** The devices of a service. Whether a GPU exists is known only where devices are resolved. */
export const devices: ValueKind<DeviceSelection> = kind(
  'auto, cpu, GPU numbers of nvidia-smi, or UUIDs (GPU-… or MIG-…), divided by commas; ' +
    'a device named twice gets two workers',
  (text): DeviceSelection | undefined => {
    if (text.toLowerCase() === 'auto') return { kind: 'auto' };
    const list = items(text).map((item) => (item.toLowerCase() === 'cpu' ? 'cpu' : item));
    return list.every((item) => DEVICE.test(item)) ? { kind: 'list', devices: list } : undefined;
  },
);
