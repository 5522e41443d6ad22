import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { SystemSampler } from '../../src/telemetry/system/sampler.js';
import { KernelLayout, memInfo, netDev, procStat, type KernelFiles } from './system-layout.js';

const NOTHING = { totalBytes: null, usedBytes: null, availableBytes: null };
const NO_NETWORK = {
  bytesSent: null,
  bytesReceived: null,
  packetsSent: null,
  packetsReceived: null,
};

const layouts: KernelLayout[] = [];
async function layOut(files: KernelFiles): Promise<KernelLayout> {
  const layout = await KernelLayout.create(files);
  layouts.push(layout);
  return layout;
}
afterEach(async () => {
  for (const layout of layouts.splice(0)) await layout.remove();
});

function cores(busy: number, idle: number): KernelFiles {
  return { 'proc/stat': procStat({ busy, idle }, { busy, idle }) };
}

describe('the share of the CPU', () => {
  test('comes of a short pair of points at first', async () => {
    const layout = await layOut(cores(100, 100));
    layout.onWait = () => layout.write(cores(115, 105));
    expect((await layout.sampler().sample()).cpu).toEqual({ cores: 2, usageRatio: 0.75 });
    expect(layout.waits).toEqual([200]);
  });

  test('comes of the time since the last sample later', async () => {
    const layout = await layOut(cores(100, 100));
    const sampler = layout.sampler();
    await sampler.sample();
    layout.pass(5_000);
    await layout.write(cores(200, 400));
    expect((await sampler.sample()).cpu.usageRatio).toBe(0.25);
    expect(layout.waits).toEqual([200]);
  });

  test('does not come of a sample of long ago', async () => {
    const layout = await layOut(cores(100, 100));
    const sampler = layout.sampler();
    await sampler.sample();
    layout.pass(10_001);
    await layout.write(cores(200, 400));
    layout.onWait = () => layout.write(cores(209, 401));
    expect((await sampler.sample()).cpu.usageRatio).toBe(0.9);
    expect(layout.waits).toEqual([200, 200]);
  });

  test('is unknown while the kernel counts nothing', async () => {
    const layout = await layOut(cores(100, 100));
    expect((await layout.sampler().sample()).cpu).toEqual({ cores: 2, usageRatio: null });
  });

  test('is that of the cores that the process may run on', async () => {
    const idle = { busy: 100, idle: 100 };
    const allowed = { 'proc/self/status': 'Name:\tnode\nCpus_allowed_list:\t1,3-4\n' };
    const rested = { busy: 100, idle: 110 };
    const layout = await layOut({ 'proc/stat': procStat(idle, idle, idle, idle), ...allowed });
    const later = procStat({ busy: 900, idle: 100 }, { busy: 110, idle: 100 }, idle, rested);
    layout.onWait = () => layout.write({ 'proc/stat': later });
    expect((await layout.sampler().sample()).cpu).toEqual({ cores: 2, usageRatio: 0.5 });
  });
});

describe('a sample', () => {
  test('is shared by all who ask while it is taken, and for a second', async () => {
    const layout = await layOut({ ...cores(100, 100), 'proc/meminfo': memInfo(8, 4) });
    const sampler = layout.sampler();
    const asked = Array.from({ length: 50 }, () => sampler.sample());
    const samples = new Set(await Promise.all(asked));
    expect(samples.size).toBe(1);
    const [first] = samples;
    // One pair of points for all of them.
    expect(layout.waits).toEqual([200]);
    layout.pass(999);
    expect(await sampler.sample()).toBe(first);
    layout.pass(1);
    await layout.write({ 'proc/meminfo': memInfo(8, 3) });
    const next = await sampler.sample();
    expect(next).not.toBe(first);
    expect(next.memory.availableBytes).toBe(3 * 1024 ** 3);
  });

  test('has nulls for all that is not there', async () => {
    const layout = await layOut({});
    const { folders } = layout;
    const diskDir = join(layout.root, 'none');
    const sampler = new SystemSampler({ diskDir, folders, platform: 'linux', clock: layout });
    expect(await sampler.sample()).toEqual({
      atMs: expect.any(Number),
      cpu: { usageRatio: null, cores: null },
      memory: NOTHING,
      disk: NOTHING,
      network: NO_NETWORK,
    });
  });

  test('has nulls for files that say something else', async () => {
    const layout = await layOut({
      'proc/stat': 'cpu\nhello\n',
      'proc/meminfo': 'MemTotal: much\n',
      'proc/self/cgroup': 'nothing of ours',
      'proc/net/dev': 'eth0 100\n',
    });
    const { cpu, memory, network } = await layout.sampler().sample();
    expect(cpu).toEqual({ usageRatio: null, cores: null });
    expect(memory).toEqual(NOTHING);
    expect(network).toEqual(NO_NETWORK);
  });
});

describe('the network', () => {
  const virtual = (...names: string[]): KernelFiles =>
    Object.fromEntries(names.map((name) => [`sys/devices/virtual/net/${name}/mtu`, '1500\n']));
  const cases: [string, KernelFiles, number][] = [
    [
      'real interfaces of a host with containers',
      {
        'proc/net/dev': netDev({
          lo: [100, 100],
          eth0: [1_000, 2_000],
          wlp3s0: [10_000, 20_000],
          docker0: [300, 300],
          veth12ab: [300, 300],
          mesh: [400, 400],
        }),
        ...virtual('lo', 'docker0', 'veth12ab', 'mesh'),
      },
      11_000,
    ],
    [
      'the virtual interface of a container',
      {
        'proc/net/dev': netDev({ lo: [100, 100], eth0: [1_000, 2_000], tunl0: [300, 300] }),
        ...virtual('lo', 'eth0', 'tunl0'),
      },
      1_000,
    ],
    [
      'the lone tap of a rootless container',
      { 'proc/net/dev': netDev({ lo: [100, 100], tap0: [700, 900] }), ...virtual('lo', 'tap0') },
      700,
    ],
    [
      'names alone where it is not told what is virtual',
      {
        'proc/net/dev': netDev({
          lo: [100, 100],
          bond0: [3_000, 1_000],
          eth0: [1_000, 500],
          eth1: [2_000, 500],
          'eth1.7': [500, 100],
        }),
      },
      3_000,
    ],
  ];
  test.each(cases)('counts %s', async (_, files, received) => {
    const layout = await layOut(files);
    const { network } = await layout.sampler().sample();
    expect(network.bytesReceived).toBe(received);
    expect(network.packetsReceived).toBe(received / 100);
  });

  test('has been silent where there is none but the loopback', async () => {
    const layout = await layOut({ 'proc/net/dev': netDev({ lo: [100, 100] }) });
    expect((await layout.sampler().sample()).network.bytesSent).toBe(0);
  });

  test('tells received from sent', async () => {
    const layout = await layOut({ 'proc/net/dev': netDev({ eth0: [1_000, 123_400] }) });
    expect((await layout.sampler().sample()).network).toEqual({
      bytesSent: 123_400,
      bytesReceived: 1_000,
      packetsSent: 1_234,
      packetsReceived: 10,
    });
  });
});

describe('this computer', () => {
  test.each([process.platform, 'darwin'] as const)(
    'has plausible figures as %s reads them',
    async (platform) => {
      const diskDir = await mkdtemp(join(tmpdir(), 'chorus-disk-'));
      const { cpu, memory, disk, network } = await new SystemSampler({
        diskDir,
        platform,
      }).sample();
      const { blocks, bsize } = await statfs(diskDir);
      await rm(diskDir, { recursive: true });
      expect(cpu.cores).toBeGreaterThan(0);
      expect(cpu.cores).toBeLessThanOrEqual(cpus().length);
      expect(cpu.usageRatio).toBeGreaterThanOrEqual(0);
      expect(cpu.usageRatio).toBeLessThanOrEqual(1);
      expect(memory.totalBytes).toBeGreaterThan(process.memoryUsage.rss() / 2);
      expect(memory.totalBytes).toBeLessThanOrEqual(totalmem());
      expect(memory.usedBytes).toBeGreaterThan(process.memoryUsage.rss() / 2);
      expect(memory.availableBytes).toBeLessThan(memory.totalBytes ?? 0);
      expect(disk.totalBytes).toBe(blocks * bsize);
      expect(disk.availableBytes).toBeLessThanOrEqual(blocks * bsize - (disk.usedBytes ?? 0));
      if (platform !== 'linux') expect(network).toEqual(NO_NETWORK);
    },
  );
});
