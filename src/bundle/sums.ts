import type { WrittenPart, WrittenParts } from './parts.js';

/** Name of the list of checksums. */
export const SUMS_NAME = 'SHA256SUMS';

/**
 * The list as `sha256sum -c` reads it; a comment has what is true of the parts joined, which are no
 * file of their own.
 */
export function sumsText(archive: WrittenParts, others: readonly WrittenPart[]): string {
  const lines = [...archive.parts, ...others].map(({ sha256, name }) => `${sha256}  ${name}\n`);
  return `# The parts joined: ${archive.bytes} bytes, sha256 ${archive.sha256}\n${lines.join('')}`;
}
