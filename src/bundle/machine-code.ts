import { compareVersions } from '../cuda/machine.js';
import { ChorusError } from '../protocol/errors.js';
import { readElf } from '../processes/elf.js';

/** What machine code asks of the system that runs it. */
export interface MachineCode {
  /** Node's name of the processor; undefined = one that Node does not run on. */
  readonly arch: string | undefined;
  /** Libraries that the loader must find, such as `libc.so.6`. */
  readonly needed: readonly string[];
  /** The newest glibc that it asks for, such as `2.28`. */
  readonly glibc: string | undefined;
}

/**
 * Reads what a program or library of Linux asks for; undefined if the file is neither.
 * @throws ChorusError `unavailable` if it is damaged.
 */
export async function readMachineCode(path: string): Promise<MachineCode | undefined> {
  try {
    const elf = await readElf(path);
    if (elf === undefined) return undefined;
    const { needed = [], names = [] } = elf.dynamic ?? {};
    // Names of versions stand among the names; glibc alone has some that begin so.
    const versions = names.flatMap((name) => /^GLIBC_(\d+\.\d+)/.exec(name)?.[1] ?? []);
    return { arch: elf.arch, needed, glibc: newestVersion(versions) };
  } catch (caught) {
    const words = caught instanceof Error ? caught.message : String(caught);
    const message = `${path} cannot be taken along: ${words}. Run \`npm ci\` to have it whole.`;
    throw new ChorusError('unavailable', message, {}, { cause: caught });
  }
}

/** The newest of versions such as `2.28`; undefined if there is none. */
export function newestVersion(versions: readonly string[]): string | undefined {
  return versions.toSorted(compareVersions).at(-1);
}
