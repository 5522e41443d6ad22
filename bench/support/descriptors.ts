import { readdir, readlink } from 'node:fs/promises';

/** Open descriptors of a process, by what they lead to. */
export interface Descriptors {
  readonly total: number;
  readonly sockets: number;
  readonly pipes: number;
  /** Files and folders, by path. */
  readonly files: number;
  /** Event loops, timers and the like. */
  readonly other: number;
}

type Kind = Exclude<keyof Descriptors, 'total'>;

/** Says what a link in `/proc/<pid>/fd` leads to. */
export function kindOfDescriptor(target: string): Kind {
  if (target.startsWith('socket:')) return 'sockets';
  if (target.startsWith('pipe:')) return 'pipes';
  return target.startsWith('/') ? 'files' : 'other';
}

/** Counts the open descriptors of a process; none if it has ended. */
export async function descriptorsOf(pid: number | 'self'): Promise<Descriptors> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []);
  const targets = await Promise.all(
    // One may be closed between the list and the look, above all the one that reads the list.
    names.map((name) => readlink(`${folder}/${name}`).catch(() => undefined)),
  );
  const counts = { sockets: 0, pipes: 0, files: 0, other: 0 };
  for (const target of targets) if (target !== undefined) counts[kindOfDescriptor(target)] += 1;
  return { total: counts.sockets + counts.pipes + counts.files + counts.other, ...counts };
}
