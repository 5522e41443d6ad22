import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { TelemetryProcess } from '../fake-nvml/telemetry-process.js';
import { FakeNvml, fakeGpus } from '../support/fake-nvml.js';

const MIB = 1024 ** 2;
const LOOKS = 1_500;

function privateBytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kibibytes = text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm);
  return Array.from(kibibytes, ([, size]) => Number(size) * 1024).reduce((all, one) => all + one);
}

it('a telemetry process of eight GPUs stays small however long it runs', async () => {
  const processes = Array.from({ length: 4 }, (_, n) => ({ pid: n + 1, memoryBytes: MIB }));
  const nvml = await FakeNvml.create({ gpus: fakeGpus(8).map((gpu) => ({ ...gpu, processes })) });
  const child = TelemetryProcess.of(nvml);
  try {
    for (let look = 0; look < LOOKS; look += 1) await child.report();
    // Without its care for the heap it has 30 MB by then, and 48 MB later on.
    expect(privateBytes(child.pid)).toBeLessThan(20 * MIB);
  } finally {
    await child.kill();
    await nvml.dispose();
  }
}, 180_000);
