import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { availableCores } from '../../src/config/cores.js';
import { childEnvironment } from '../../src/config/environment.js';

let cgroup: string;

beforeEach(async () => {
  cgroup = await mkdtemp(join(tmpdir(), 'chorus-cgroup-'));
});

afterEach(async () => {
  await rm(cgroup, { recursive: true });
});

test('cores are those of the machine where there is no quota', async () => {
  expect(availableCores(cgroup)).toBe(availableParallelism());
  await writeFile(join(cgroup, 'cpu.max'), 'max 100000\n');
  expect(availableCores(cgroup)).toBe(availableParallelism());
});

test('a quota counts, and never leaves less than one core', async () => {
  await writeFile(join(cgroup, 'cpu.max'), '150000 100000\n');
  expect(availableCores(cgroup)).toBe(1);
  await writeFile(join(cgroup, 'cpu.max'), '50000 100000\n');
  expect(availableCores(cgroup)).toBe(1);
});

test('the older pair of files counts too', async () => {
  await mkdir(join(cgroup, 'cpu'));
  await writeFile(join(cgroup, 'cpu/cpu.cfs_quota_us'), '100000\n');
  await writeFile(join(cgroup, 'cpu/cpu.cfs_period_us'), '100000\n');
  expect(availableCores(cgroup)).toBe(1);
});

test('children get the environment without our secrets, few heaps, and onnxruntime without its telemetry', () => {
  const keys = {
    API_KEYS: 'a',
    ADMIN_KEYS: 'b',
    HF_TOKEN: 'c',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=d',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'authorization=e',
  };
  const env = { PATH: '/bin', PORT: '1', ...keys };
  expect(childEnvironment({ CUDA_VISIBLE_DEVICES: 'GPU-1' }, env)).toEqual({
    PATH: '/bin',
    PORT: '1',
    CUDA_VISIBLE_DEVICES: 'GPU-1',
    MALLOC_ARENA_MAX: '2',
    ORT_DISABLE_TELEMETRY: '1',
  });
  expect(childEnvironment({}, { MALLOC_ARENA_MAX: '8' })).toMatchObject({ MALLOC_ARENA_MAX: '8' });
});
