import { afterEach, describe, expect, test } from 'vitest';
import { Door, errorOf } from '../support/door.js';

describe('the operators\u2019 routes, written in another letter case', () => {
  let door: Door;
  afterEach(() => door.close());

  test.each(['/ADMIN/reload', '/Admin/workers/cpu-0/restart', '/aDMIN/RELOAD/'])(
    'are closed to clients: %s',
    async (path) => {
      door = await Door.open({ apiKeys: ['client'], adminKeys: ['operator'] });
      const response = await door.get(path, { method: 'POST', headers: { 'api-key': 'client' } });
      expect(response.status).toBe(403);
      expect(await errorOf(response)).toMatchObject({ code: 'forbidden' });
      expect(door.restarted).toEqual([]);
    },
  );

  test('are closed to strangers where nobody has a key', async () => {
    door = await Door.open();
    const headers = { 'x-forwarded-for': '10.0.0.1' };
    const response = await door.get('/ADMIN/reload', { method: 'POST', headers });
    expect(response.status).toBe(403);
    expect(door.restarted).toEqual([]);
  });
});
