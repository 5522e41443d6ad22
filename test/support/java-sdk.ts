import { execFile, spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { cachedFolder } from './sdk-cache.js';

const run = promisify(execFile);

const SOURCES = join('test', 'e2e', 'nls', 'java');

const javac = spawnSync('javac', ['-version'], { encoding: 'utf8' });

/** Whether there is a Java compiler, and Maven to get libraries with. */
export const hasJava = javac.status === 0 && spawnSync('mvn', ['-version']).status === 0;

if (!hasJava) {
  process.stderr.write(
    'SKIPPED: the official Java SDK is not tried: there is no javac or no mvn.\n',
  );
}

/** The class path with Alibaba's SDK for Java and our programs that use it. */
export async function javaClassPath(): Promise<string> {
  const names = (await readdir(SOURCES)).toSorted();
  const files = names.map((name) => join(SOURCES, name));
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  const libraries = await librariesOf(join(SOURCES, 'pom.xml'));
  const classes = await cachedFolder({
    name: 'java-classes',
    contents: [javac.stdout, libraries, ...texts],
    async fill(folder) {
      const sources = files.filter((file) => file.endsWith('.java'));
      await run('javac', ['-cp', join(libraries, '*'), '-d', folder, ...sources]);
    },
  });
  return `${classes}:${join(libraries, '*')}`;
}

async function librariesOf(pom: string): Promise<string> {
  return cachedFolder({
    name: 'java',
    contents: [await readFile(pom, 'utf8')],
    async fill(folder) {
      await mkdir(folder, { recursive: true });
      await run('mvn', ['-q', '-B', '-f', pom, 'initialize', `-Dlibraries=${folder}`]);
    },
  });
}
