/** Headers of a tar archive in the POSIX format. Source: IEEE Std 1003.1-2017, pax, "ustar" and "pax". */
import { contentBytes, type BundleEntry } from './plan.js';

const BLOCK_BYTES = 512;
const MAX_NAME_BYTES = 100;
const MAX_PREFIX_BYTES = 155;
/** Eleven octal digits; a larger file says its size in a record before it. */
const MAX_OCTAL_BYTES = 8 ** 11 - 1;
/** 1980-01-01, as packers of reproducible archives have it: zip files know nothing earlier. */
export const FIXED_TIME_SECONDS = 315_532_800;

/** What ends an archive. */
export const TAR_END = Buffer.alloc(2 * BLOCK_BYTES);

const TYPE = { file: '0', link: '2', records: 'x' } as const;

interface Fields {
  readonly name: string;
  readonly prefix: string;
  readonly mode: number;
  readonly bytes: number;
  readonly type: string;
  readonly target: string;
}

/** How many zero bytes follow a content, so that the next header begins at a block. */
export function paddingAfter(bytes: number): number {
  return (BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

function header(fields: Fields): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(fields.name, 0);
  block.write(octal(fields.mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(Math.min(fields.bytes, MAX_OCTAL_BYTES), 12), 124);
  block.write(octal(FIXED_TIME_SECONDS, 12), 136);
  block.fill(' ', 148, 156);
  block.write(fields.type, 156);
  block.write(fields.target, 157);
  block.write('ustar\u000000', 257);
  block.write(fields.prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** Divides a path between the two fields for it; undefined if it does not fit. */
function splitPath(path: string): { readonly name: string; readonly prefix: string } | undefined {
  if (!/^[\x20-\x7e]+$/.test(path)) return undefined;
  if (path.length <= MAX_NAME_BYTES) return { name: path, prefix: '' };
  const slash = path.indexOf('/', path.length - MAX_NAME_BYTES - 1);
  if (slash <= 0 || slash > MAX_PREFIX_BYTES) return undefined;
  return { name: path.slice(slash + 1), prefix: path.slice(0, slash) };
}

/** A record counts its own length, the digits of that length included. */
function record(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function recordsOf(records: Readonly<Record<string, string>>): Buffer[] {
  const text = Buffer.from(
    Object.entries(records)
      .map(([key, value]) => record(key, value))
      .join(''),
  );
  if (text.length === 0) return [];
  const fields = { name: 'records', prefix: '', mode: 0o644, target: '' };
  const head = header({ ...fields, bytes: text.length, type: TYPE.records });
  return [head, text, Buffer.alloc(paddingAfter(text.length))];
}

/** All that stands before a file's content. */
export function tarHeader(entry: BundleEntry): Buffer {
  const { path, content, isExecutable = false } = entry;
  const bytes = contentBytes(content);
  const target = content.kind === 'link' ? content.target : '';
  const place = splitPath(path);
  const fits = target === '' || splitPath(target)?.prefix === '';
  const records = recordsOf({
    ...(place ? {} : { path }),
    ...(fits ? {} : { linkpath: target }),
    ...(bytes > MAX_OCTAL_BYTES && { size: String(bytes) }),
  });
  const fields = {
    ...(place ?? { name: 'long', prefix: '' }),
    mode: isExecutable ? 0o755 : 0o644,
    bytes,
    type: content.kind === 'link' ? TYPE.link : TYPE.file,
    target: fits ? target : 'long',
  };
  return Buffer.concat([...records, header(fields)]);
}

/** How many bytes a file takes in the archive. */
export function tarBytes(entry: BundleEntry): number {
  const bytes = contentBytes(entry.content);
  return tarHeader(entry).length + bytes + paddingAfter(bytes);
}

/** How many bytes the archive has. */
export function archiveBytes(entries: readonly BundleEntry[]): number {
  return entries.reduce((sum, entry) => sum + tarBytes(entry), TAR_END.length);
}
