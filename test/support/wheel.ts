import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/** A wheel to be written. */
export interface WheelContent {
  /** As in its file name: `nvidia_cublas`. */
  readonly name: string;
  readonly version: string;
  /** `py3-none-manylinux_2_27_x86_64` */
  readonly tags: string;
  /** By their paths in the wheel. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** What its record says of a file, where that is not what the file is. */
  readonly recorded?: ReadonlyMap<string, Buffer>;
}

/** Writes a wheel as PEP 427 has it, uncompressed, and gives its path. */
export async function writeWheel(folder: string, content: WheelContent): Promise<string> {
  const { name, version, tags, recorded } = content;
  const info = `${name}-${version}.dist-info`;
  const project = name.replaceAll('_', '-');
  const files = new Map(content.files);
  const metadata = `Metadata-Version: 2.1\nName: ${project}\nVersion: ${version}\n`;
  files.set(`${info}/METADATA`, Buffer.from(metadata));
  const wheel = `Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: ${tags}\n`;
  files.set(`${info}/WHEEL`, Buffer.from(wheel));
  const lines = [...files].map(([path, bytes]) => {
    const told = recorded?.get(path) ?? bytes;
    const sum = createHash('sha256').update(told).digest('base64url');
    return `${path},sha256=${sum},${told.length}\n`;
  });
  files.set(`${info}/RECORD`, Buffer.from(`${lines.join('')}${info}/RECORD,,\n`));
  const path = join(folder, `${name}-${version}-${tags}.whl`);
  await writeFile(path, zip(files));
  return path;
}

/** A zip archive of stored files (APPNOTE.TXT of PKWARE, 4.3). */
function zip(files: ReadonlyMap<string, Buffer>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [path, bytes] of files) {
    const name = Buffer.from(path);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, name, bytes]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\0'), common, rest, name]));
    parts.push(local);
    at += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.size, 4);
  end.writeUInt16LE(files.size, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...parts, central, Buffer.from('PK\u0005\u0006'), end]);
}
