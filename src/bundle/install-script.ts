import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ChorusError } from '../protocol/errors.js';
import { machineName, platformName } from './node-binary.js';
import type { WrittenParts } from './parts.js';
import { contentBytes, orderedEntries, type BundleEntry, type BundlePlan } from './plan.js';
import { paddingAfter, tarHeader } from './tar.js';

/** Name of the script beside the parts. */
export const SCRIPT_NAME = 'install.sh';

const TEMPLATE = fileURLToPath(new URL('../../../src/bundle/install.sh', import.meta.url));
const MARK = '#VALUES#';
/** Small files take whole blocks of the target's disk. */
const DISK_BLOCK_BYTES = 4096;
const SPARE_BYTES = 16 * 2 ** 20;
/** What needs no care between single quotes of a shell. */
const PLAIN = /^[\w.:/+-]*$/;

/** Where a file's content lies in the archive. */
interface Range {
  readonly offset: number;
  readonly bytes: number;
  readonly sha256: string;
}

async function sha256Of({ content }: BundleEntry): Promise<string> {
  const bytes = content.kind === 'file' ? await readFile(content.source) : Buffer.alloc(0);
  return createHash('sha256').update(bytes).digest('hex');
}

/** The ranges of files that stand first in the archive, one after the other. */
async function leadingRanges(entries: readonly BundleEntry[]): Promise<Range[]> {
  const ranges: Range[] = [];
  let at = 0;
  for (const entry of entries) {
    const offset = at + tarHeader(entry).length;
    const bytes = contentBytes(entry.content);
    ranges.push({ offset, bytes, sha256: await sha256Of(entry) });
    at = offset + bytes + paddingAfter(bytes);
  }
  return ranges;
}

/** What the target's disk must have free: all files, and Node once more while it unpacks. */
export function neededBytes(plan: BundlePlan): number {
  const files = orderedEntries(plan).reduce(
    (sum, { content }) =>
      sum + Math.ceil(contentBytes(content) / DISK_BLOCK_BYTES + 1) * DISK_BLOCK_BYTES,
    SPARE_BYTES,
  );
  return files + (plan.node ? contentBytes(plan.node.content) : 0);
}

/** Names a release: the same content, the same name. */
export function releaseName({ version }: BundlePlan, { sha256 }: WrittenParts): string {
  return `${version}-${sha256.slice(0, 12)}`;
}

function assignments(values: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(values).map(([name, value]) => {
    if (PLAIN.test(String(value))) return `${name}='${value}'`;
    throw new ChorusError('invalid_value', `${name} cannot be ${value} in a bundle.`);
  });
}

/** The script that verifies, joins and unpacks the parts on the target. */
export async function installScript(plan: BundlePlan, archive: WrittenParts): Promise<string> {
  const [unpacker, node] = await leadingRanges([plan.unpacker, ...(plan.node ? [plan.node] : [])]);
  const values = assignments({
    version: plan.version,
    platform: platformName(plan.platform),
    machine: machineName(plan.platform),
    glibc: plan.glibc ?? '',
    release: releaseName(plan, archive),
    archive_bytes: archive.bytes,
    archive_sha256: archive.sha256,
    need_kb: Math.ceil(neededBytes(plan) / 1024),
    unpacker_offset: unpacker?.offset ?? 0,
    unpacker_bytes: unpacker?.bytes ?? 0,
    unpacker_sha256: unpacker?.sha256 ?? '',
    node_offset: node?.offset ?? 0,
    node_bytes: node?.bytes ?? 0,
    node_sha256: node?.sha256 ?? '',
    part_count: archive.parts.length,
  });
  const calls = archive.parts.map(({ name, bytes, sha256 }) => `  "$1" ${name} ${bytes} ${sha256}`);
  const list = [
    '# Calls a function with each part in order: name, bytes, sha256.',
    'each_part() {',
  ];
  const text = [...values, ...list, ...calls, '}'].join('\n');
  return (await readFile(TEMPLATE, 'utf8')).replace(MARK, () => text);
}
