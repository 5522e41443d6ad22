import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { cachedFolder } from './sdk-cache.js';

const run = promisify(execFile);

/**
 * Alibaba's SDK for Python, and what its modules import: the other packages that it names (a plotting
 * library, object storage) are for its examples. `alibabacloud-nls-python-sdk` 1.0.2 is an older
 * edition of the same modules, and takes the same import name.
 */
const REQUIREMENTS = [
  'ali-nls==1.1.0',
  'aliyun-python-sdk-core==2.16.0',
  'jmespath==0.10.0',
  'cryptography==44.0.3',
  'cffi==2.0.0',
  'pycparser==2.23',
];

const DESCRIPTION =
  'import ensurepip, platform, venv; print(platform.platform(), platform.python_version())';
const described = spawnSync('python3', ['-c', DESCRIPTION], { encoding: 'utf8' });

/** Whether there is a Python that can make environments (Debian: python3 and python3-venv). */
export const hasPython = described.status === 0;

if (!hasPython) {
  process.stderr.write(
    'SKIPPED: the official Python SDK is not tried: there is no python3 with venv and ensurepip.\n',
  );
}

/** The interpreter of an environment with the official SDK in it. */
export async function pythonWithSdk(): Promise<string> {
  const folder = await cachedFolder({
    name: 'python',
    contents: [described.stdout, ...REQUIREMENTS],
    async fill(folder) {
      await run('python3', ['-m', 'venv', folder]);
      const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps'];
      await run(join(folder, 'bin', 'python'), [...pip, ...REQUIREMENTS]);
    },
  });
  return join(folder, 'bin', 'python');
}
