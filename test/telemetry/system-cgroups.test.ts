import { afterEach, expect, test } from 'vitest';
import { KernelLayout, memInfo, procStat, type KernelFiles } from './system-layout.js';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const GROUP = 'sys/fs/cgroup';
const CORES = Array.from({ length: 8 }, () => ({ busy: 100, idle: 900 }));
const HOST: KernelFiles = { 'proc/stat': procStat(...CORES), 'proc/meminfo': memInfo(32, 20) };

let layout: KernelLayout;
afterEach(() => layout.remove());

function memory(maxBytes: number | 'max', currentBytes: number, cacheBytes = 0): KernelFiles {
  return {
    'memory.max': `${maxBytes}\n`,
    'memory.current': `${currentBytes}\n`,
    'memory.stat': `anon 5\ninactive_anon 7\ninactive_file ${cacheBytes}\nactive_file 3\n`,
  };
}

function cpu(max: string, usageMicros: number): KernelFiles {
  return { 'cpu.max': `${max}\n`, 'cpu.stat': `usage_usec ${usageMicros}\nuser_usec 1\n` };
}

function inGroup(path: string, files: KernelFiles): KernelFiles {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [`${GROUP}${path}/${name}`, text]),
  );
}

test('a container with limits is what the figures tell of', async () => {
  layout = await KernelLayout.create({
    ...HOST,
    'proc/self/cgroup': '0::/\n',
    ...inGroup('', { ...cpu('150000 100000', 1_000_000), ...memory(4 * GIB, 3 * GIB, GIB) }),
  });
  // In 200 ms a core and a half can compute 300 ms.
  layout.onWait = () => layout.write(inGroup('', cpu('150000 100000', 1_075_000)));
  const figures = await layout.sampler().sample();
  expect(figures.cpu).toEqual({ cores: 1.5, usageRatio: 0.25 });
  expect(figures.memory).toEqual({
    totalBytes: 4 * GIB,
    usedBytes: 2 * GIB,
    availableBytes: 2 * GIB,
  });
});

test('a container that computes more than its share for a moment is fully busy', async () => {
  layout = await KernelLayout.create({
    ...HOST,
    'proc/self/cgroup': '0::/\n',
    ...inGroup('', cpu('50000 100000', 0)),
  });
  layout.onWait = () => layout.write(inGroup('', cpu('50000 100000', 120_000)));
  expect((await layout.sampler().sample()).cpu).toEqual({ cores: 0.5, usageRatio: 1 });
});

test('a container without limits is shown its host', async () => {
  layout = await KernelLayout.create({
    ...HOST,
    'proc/self/cgroup': '0::/\n',
    ...inGroup('', { ...cpu('max 100000', 1), ...memory('max', GIB) }),
  });
  const busier = CORES.map(() => ({ busy: 105, idle: 915 }));
  layout.onWait = () => layout.write({ 'proc/stat': procStat(...busier) });
  const figures = await layout.sampler().sample();
  expect(figures.cpu).toEqual({ cores: 8, usageRatio: 0.25 });
  expect(figures.memory).toEqual({
    totalBytes: 32 * GIB,
    usedBytes: 12 * GIB,
    availableBytes: 20 * GIB,
  });
});

test('of nested groups the tightest counts, wherever it stands', async () => {
  layout = await KernelLayout.create({
    ...HOST,
    'proc/self/cgroup': '12:pids:/elsewhere\n0::/kubepods/pod-1/chorus\n',
    ...inGroup('/kubepods', { ...cpu('700000 100000', 9), ...memory(24 * GIB, 23 * GIB) }),
    ...inGroup('/kubepods/pod-1', { ...cpu('200000 100000', 0), ...memory(16 * GIB, 3 * GIB) }),
    ...inGroup('/kubepods/pod-1/chorus', { ...cpu('max 100000', 5), ...memory(8 * GIB, 2 * GIB) }),
    // Not on the way up from our own group.
    ...inGroup('/kubepods/pod-2', { ...cpu('10000 100000', 5), ...memory(MIB, 0) }),
  });
  layout.onWait = () => layout.write(inGroup('/kubepods/pod-1', cpu('200000 100000', 200_000)));
  const figures = await layout.sampler().sample();
  expect(figures.cpu).toEqual({ cores: 2, usageRatio: 0.5 });
  expect(figures.memory).toEqual({
    totalBytes: 8 * GIB,
    usedBytes: 2 * GIB,
    // Its great-grandparent has only that much left.
    availableBytes: GIB,
  });
});

test('limits above what the host has are none', async () => {
  layout = await KernelLayout.create({
    ...HOST,
    'proc/self/cgroup': '0::/\n',
    ...inGroup('', { ...cpu('1600000 100000', 5), ...memory(64 * GIB, GIB) }),
  });
  const { cpu: shown, memory: store } = await layout.sampler().sample();
  expect(shown.cores).toBe(8);
  expect(store.totalBytes).toBe(32 * GIB);
});

test('a host with less memory left than its container may take says so', async () => {
  layout = await KernelLayout.create({
    ...HOST,
    'proc/meminfo': memInfo(32, 1),
    'proc/self/cgroup': '0::/\n',
    ...inGroup('', memory(8 * GIB, 2 * GIB)),
  });
  const { memory: store } = await layout.sampler().sample();
  expect(store).toEqual({ totalBytes: 8 * GIB, usedBytes: 2 * GIB, availableBytes: GIB });
});

test.each([
  ['of version 1', '4:memory:/docker/abc\n1:cpu:/docker/abc\n'],
  ['of version 1 beside an empty version 2', '4:memory:/docker/abc\n0::/\n'],
  ['that is not there', '0::/system.slice/gone.service\n'],
  ['outside of what can be seen', '0::/../../etc\n'],
])('groups %s leave the figures to the host', async (_, own) => {
  layout = await KernelLayout.create({
    ...HOST,
    'proc/self/cgroup': own,
    [`${GROUP}/memory/docker/abc/memory.limit_in_bytes`]: `${GIB}\n`,
    'sys/etc/cpu.max': '10000 100000\n',
    'sys/etc/memory.max': '1\n',
    'sys/etc/memory.current': '1\n',
  });
  const { cpu: shown, memory: store } = await layout.sampler().sample();
  expect(shown.cores).toBe(8);
  expect(store.totalBytes).toBe(32 * GIB);
});

test('a limit that is changed while the server runs does not spoil the share', async () => {
  layout = await KernelLayout.create({
    ...HOST,
    'proc/self/cgroup': '0::/\n',
    ...inGroup('', cpu('100000 100000', 0)),
  });
  const sampler = layout.sampler();
  await sampler.sample();
  layout.pass(2_000);
  await layout.write(inGroup('', cpu('400000 100000', 1_000_000)));
  layout.onWait = () => layout.write(inGroup('', cpu('400000 100000', 1_400_000)));
  expect((await sampler.sample()).cpu).toEqual({ cores: 4, usageRatio: 0.5 });
});
