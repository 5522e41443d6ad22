import { fstatSync, openSync, readSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { EspeakFile, EspeakFiles, EspeakModule } from '@echogarden/espeak-ng-emscripten';

const DATA_FOLDER = '/usr/share/espeak-ng-data';

/**
 * Lets go of espeak's data, of which a voice needs the least part: 24 MB for 130 languages, in one
 * piece. A file is read again, from the package, when espeak first asks for it. A module that keeps
 * its data in another way than the version that we know is left as it is.
 */
export function readDataOnDemand(module: EspeakModule): void {
  const packageUrl = import.meta.resolve('@echogarden/espeak-ng-emscripten');
  const path = fileURLToPath(new URL('espeak-ng.data', packageUrl));
  // It stays open: what was read at the start and what is read later belong together.
  const descriptor = openSync(path, 'r');
  const { size } = fstatSync(descriptor);
  const whole = new Set<ArrayBuffer>();
  for (const file of filesIn(module.FS, DATA_FOLDER)) {
    const { buffer, byteOffset, byteLength } = file.contents;
    if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== size) continue;
    whole.add(buffer);
    let contents: Uint8Array | undefined;
    Object.defineProperty(file, 'contents', {
      get: () => (contents ??= readPart(descriptor, byteOffset, byteLength)),
    });
  }
  for (const buffer of whole) free(buffer);
}

/** A thread that makes little garbage collects it seldom; what is sent to nobody is gone at once. */
function free(buffer: ArrayBuffer): void {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  port1.postMessage(undefined, [buffer]);
  port1.close();
}

function filesIn(files: EspeakFiles, folder: string): EspeakFile[] {
  const names = files.readdir(folder).filter((name) => name !== '.' && name !== '..');
  return names.flatMap((name) => {
    const path = `${folder}/${name}`;
    const { node } = files.lookupPath(path);
    return files.isDir(node.mode) ? filesIn(files, path) : [node];
  });
}

function readPart(descriptor: number, position: number, length: number): Uint8Array {
  const part = new Uint8Array(length);
  const read = readSync(descriptor, part, { position });
  if (read !== length) throw new Error("espeak's data is shorter than it was.");
  return part;
}
