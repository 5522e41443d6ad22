/** An `nvidia-smi` that answers from the file of the fake NVML: what a rehearsal asks, no more. */
import { readFileSync } from 'node:fs';

const MIB = 1024 ** 2;
const [path = '', ...words] = process.argv.slice(2);
const state = new Map(
  readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
);
const of = (key: string): string => state.get(`gpu.0.${key}`) ?? '';
const mib = (key: string): number => Math.round(Number(of(key)) / MIB);

if (words[0] === '-L') console.log(`GPU 0: ${of('name')} (UUID: ${of('uuid')})`);
else if (words[0]?.startsWith('--query-gpu=')) {
  console.log(`${of('uuid')}, ${mib('memory.used')}, ${mib('memory.total')}`);
} else {
  for (const row of of('processes').split(',')) {
    const [pid = '', bytes] = row.split(':');
    if (pid !== '') console.log(`${of('uuid')}, ${pid}, ${Number(bytes) / MIB}`);
  }
}
