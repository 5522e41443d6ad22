import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { speakTo } from '../support/scripted-client.js';
import { startScriptedServer, type ScriptedServer } from '../support/scripted-server.js';

/** A worker that answers every request at once with an error, which leaves it without any load. */
describe('a worker that fails fast', () => {
  let server: ScriptedServer;

  afterEach(async () => {
    await server.stop();
  });

  async function statuses(requests: number, file: string): Promise<number[]> {
    const answers: number[] = [];
    for (let n = 0; n < requests; n += 1) {
      const answer = await speakTo(server.url, `faulty ${file}`);
      await answer.arrayBuffer();
      answers.push(answer.status);
    }
    return answers;
  }

  it('gets a few requests, not half of them', async () => {
    server = await startScriptedServer(2);
    const file = join(server.modelDir, 'faulty');
    await writeFile(file, String(server.supervisor.status().workers[0]!.pid));
    const answers = await statuses(60, file);
    const failed = answers.filter((status) => status === 500).length;
    expect(failed).toBeGreaterThanOrEqual(3);
    // Three in a row, and then one a second, two seconds, four seconds, …
    expect(failed).toBeLessThan(12);
    expect(answers.filter((status) => status === 200)).toHaveLength(60 - failed);
  });

  it('goes on to get them if it is the last', async () => {
    server = await startScriptedServer(1);
    const file = join(server.modelDir, 'faulty');
    await writeFile(file, String(server.supervisor.status().workers[0]!.pid));
    expect(new Set(await statuses(8, file))).toEqual(new Set([500]));
    await writeFile(file, '');
    expect(await statuses(3, file)).toEqual([200, 200, 200]);
  });
});
