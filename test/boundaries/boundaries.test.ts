import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

/** What each room may import besides itself; the picture that `.oxlintrc.json` must enforce. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  config: ['protocol'],
  processes: ['protocol'],
  telemetry: ['protocol', 'config'],
  audio: ['protocol'],
  speech: ['protocol', 'audio'],
  models: ['protocol', 'config', 'telemetry', 'processes'],
  cuda: ['protocol', 'config', 'processes', 'models'],
  bundle: ['protocol', 'models', 'processes', 'cuda'],
  engines: ['protocol', 'models', 'speech', 'audio'],
  media: ['protocol', 'config', 'telemetry', 'processes', 'audio'],
  worker: ['protocol', 'config', 'telemetry', 'processes', 'engines', 'models', 'speech', 'audio'],
  routing: ['protocol'],
  supervisor: ['protocol', 'config', 'telemetry', 'processes', 'models', 'routing'],
  database: ['protocol', 'config', 'telemetry'],
  voices: ['protocol', 'config', 'telemetry', 'processes', 'database'],
  jobs: ['protocol', 'config', 'telemetry', 'processes', 'database'],
  http: [
    'protocol',
    'config',
    'telemetry',
    'processes',
    'models',
    'speech',
    'audio',
    'jobs',
    'voices',
  ],
};
const ROOMS = [...Object.keys(MAY_IMPORT), 'cli'];

const reportSchema = z.object({
  diagnostics: z.array(z.object({ code: z.string(), filename: z.string() })),
});

let tree: string;
/** Rules that the planted files break, by file. */
let broken: Map<string, string[]>;

/** Files to plant, each with one line, by path. */
const planted = new Map<string, string>();

function plantImport(room: string, target: string, name: string): string {
  const file = `src/${room}/deep/${name}.ts`;
  planted.set(file, `export { thing } from '../../${target}';\n`);
  return file;
}

const imports = ROOMS.flatMap((room) =>
  ROOMS.filter((target) => target !== room).map((target) => ({
    room,
    target,
    file: plantImport(room, `${target}/thing.js`, `imports-${target}`),
  })),
);
const routerImport = plantImport('http', 'routing/router.js', 'imports-router-type');

const OTHER_RULES = [
  { rule: 'no-process-env', room: 'http', text: 'export const key = process.env.KEY;\n' },
  { rule: 'no-restricted-imports', room: 'http', text: "export { env } from 'node:process';\n" },
  { rule: 'no-explicit-any', room: 'audio', text: 'export const samples: any = [];\n' },
  { rule: 'no-console', room: 'worker', text: "console.log('here');\nexport {};\n" },
  { rule: 'no-default-export', room: 'speech', text: 'export default 1;\n' },
  { rule: 'max-lines', room: 'engines', text: 'export {};\n'.repeat(251) },
];
for (const { rule, room, text } of OTHER_RULES) planted.set(`src/${room}/${rule}.ts`, text);
planted.set('src/config/reads-env.ts', 'export const key = process.env.KEY;\n');

function lint(cwd: string): Promise<string> {
  const oxlint = join(process.cwd(), 'node_modules/oxlint/bin/oxlint');
  return new Promise((resolve) => {
    const options = { cwd, maxBuffer: 16 * 1024 * 1024 };
    execFile(process.execPath, [oxlint, '--format=json'], options, (_error, stdout) => {
      resolve(stdout);
    });
  });
}

beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'chorus-boundaries-'));
  await cp('.oxlintrc.json', join(tree, '.oxlintrc.json'));
  for (const [file, text] of planted) {
    await mkdir(dirname(join(tree, file)), { recursive: true });
    await writeFile(join(tree, file), text);
  }
  const report = reportSchema.parse(JSON.parse(await lint(tree)));
  broken = new Map();
  for (const { filename, code } of report.diagnostics) {
    const rules = broken.get(filename) ?? [];
    rules.push(/\(([^)]+)\)/.exec(code)?.[1] ?? code);
    broken.set(filename, rules);
  }
});

afterAll(async () => {
  await rm(tree, { recursive: true, force: true });
});

describe('borders of the rooms', () => {
  test.each(imports)('$room → $target', ({ room, target, file }) => {
    const allowed = room === 'cli' || (MAY_IMPORT[room] ?? []).includes(target);
    const rules = (broken.get(file) ?? []).filter((rule) => rule === 'no-restricted-imports');
    expect(rules).toEqual(allowed ? [] : ['no-restricted-imports']);
  });

  test('http may import the types of the router', () => {
    expect(broken.get(routerImport)).toBeUndefined();
  });

  test('every folder of src is a room with borders', async () => {
    const folders = await readdir('src', { withFileTypes: true });
    const names = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect(ROOMS).toEqual(expect.arrayContaining(names));
  });
});

describe('house rules', () => {
  test.each(OTHER_RULES)('$rule is kept in src/$room', ({ rule, room }) => {
    expect(broken.get(`src/${room}/${rule}.ts`)).toContain(rule);
  });

  test('config may read the environment', () => {
    expect(broken.get('src/config/reads-env.ts')).toBeUndefined();
  });

  test('the compiler refuses enums and namespaces', async () => {
    const config: unknown = JSON.parse(await readFile('tsconfig.json', 'utf8'));
    expect(config).toMatchObject({ compilerOptions: { erasableSyntaxOnly: true } });
  });
});
