import { realpath } from 'node:fs/promises';
import { ChorusError } from '../protocol/errors.js';
import { fileEntry } from './folder-files.js';
import { readMachineCode } from './machine-code.js';
import type { BundleEntry, Platform } from './plan.js';

/** Where the launcher looks for Node in an unpacked bundle. */
export const NODE_PATH = 'bin/node';

/** What every Linux with a compiler's run-time library has. */
const OF_THE_SYSTEM =
  /^(?:linux-vdso|ld-linux[\w-]*|ld-musl[\w-]*|libc|libdl|libm|libpthread|librt|libgcc_s|libstdc\+\+|libatomic|libc\.musl[\w-]*)\.so(?:\.\d+)*$/;

/**
 * The Node binary of this process for the bundle.
 * @throws ChorusError `unavailable` if it is not whole in itself: a Node that a distribution has
 *   cut into shared libraries would not start elsewhere.
 */
export async function nodeEntry(execPath: string): Promise<BundleEntry> {
  const path = await realpath(execPath);
  const elf = await readMachineCode(path);
  const foreign = elf?.needed.filter((name) => !OF_THE_SYSTEM.test(name)) ?? ['(no ELF program)'];
  if (foreign.length > 0) {
    const message =
      `${path} needs more than the system's own libraries (${foreign.join(', ')}), so it would not ` +
      'start on another machine. Run `chorus bundle` with Node as nodejs.org builds it, or leave ' +
      'out --node and have Node on the target.';
    throw new ChorusError('unavailable', message);
  }
  return { ...(await fileEntry(path, NODE_PATH)), isExecutable: true };
}

/**
 * The kind of this machine, as the running Node was built for it.
 * @throws ChorusError `not_implemented` on anything but Linux on 64 bits of x86 or ARM.
 */
export async function platformOf(
  execPath: string,
  { platform, arch }: { readonly platform: string; readonly arch: string } = process,
): Promise<Platform> {
  const elf = await readMachineCode(await realpath(execPath));
  if (platform !== 'linux' || elf?.arch !== arch) {
    const message = `A bundle is made on Linux (x64 or arm64) for Linux; this is ${platform} ${arch}.`;
    throw new ChorusError('not_implemented', message);
  }
  const isMusl = elf.needed.some((name) => /^(?:libc\.musl|ld-musl)/.test(name));
  return { os: platform, arch, libc: isMusl ? 'musl' : 'glibc' };
}

/** A platform in file names, such as `linux-x64`. */
export function platformName({ os, arch, libc }: Platform): string {
  return libc === 'glibc' ? `${os}-${arch}` : `${os}-${arch}-${libc}`;
}

/** What `uname -m` says on machines of a platform. */
export function machineName({ arch }: Platform): string {
  return arch === 'x64' ? 'x86_64' : 'aarch64';
}
