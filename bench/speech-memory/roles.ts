import { readFile } from 'node:fs/promises';

import { processMemory, processTree } from '../support/process-tree.js';

/** What a process of the server is for; `other` = a program that one of them started. */
export type Role = 'supervisor' | 'worker' | 'media' | 'telemetry' | 'other';

/** Resident memory of the server's processes, by what they are for. */
export type RoleMemory = Readonly<Partial<Record<Role, number>>>;

/** Says what a process is for by its command line: the entries of the server's processes. */
export function roleOf(commandLine: string): Role {
  if (/src\/worker\/main\.js/.test(commandLine)) return 'worker';
  if (/src\/media\/main\.js/.test(commandLine)) return 'media';
  if (/src\/telemetry\/\S*main\.js/.test(commandLine)) return 'telemetry';
  return /src\/cli\/main\.js/.test(commandLine) ? 'supervisor' : 'other';
}

/** The process ids of a server, to see whether one was replaced. */
export async function pidsOf(root: number): Promise<string> {
  return (await processTree(root)).toSorted((a, b) => a - b).join(' ');
}

/** Resident memory of a server's processes now; several of one role are added up. */
export async function roleMemory(root: number): Promise<RoleMemory> {
  const memory: Partial<Record<Role, number>> = {};
  for (const pid of await processTree(root)) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const { rssBytes } = await processMemory(pid);
    const role = roleOf(commandLine.replaceAll('\0', ' '));
    if (rssBytes > 0) memory[role] = (memory[role] ?? 0) + rssBytes;
  }
  return memory;
}
