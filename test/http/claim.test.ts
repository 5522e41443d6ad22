import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Door, errorOf } from '../support/door.js';
import { ask, audio, done, sends, SPEECH, start } from '../support/scripted-speech.js';

/** What a request's headers tell the router. */
describe('the claim of a request', () => {
  let door: Door;

  beforeEach(async () => {
    door = await Door.open();
    door.router.script = sends([start, audio('ok'), done]);
  });

  afterEach(() => door.close());

  async function claimOf(headers: Record<string, string>) {
    const answer = await door.postJson(SPEECH, ask, { headers });
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
    return door.router.requests.at(-1)!;
  }

  it('has a session, a class, a client and the work in characters', async () => {
    const claim = await claimOf({
      'x-session-id': 'call-7',
      'x-chorus-class': 'Bulk',
      authorization: 'Bearer me',
    });
    expect(claim).toMatchObject({
      service: 'tts',
      session: 'call-7',
      class: 'bulk',
      cost: 6,
    });
  });

  it('is interactive, without a session, and of the address if no key is there', async () => {
    const claim = await claimOf({});
    expect(claim).toMatchObject({ class: 'interactive', client: '127.0.0.1' });
    expect(claim.session).toBeUndefined();
    expect(claim.deadlineAtMs).toBeUndefined();
  });

  it('is of the same client however its key is written', async () => {
    const client = async (headers: Record<string, string>): Promise<string> =>
      (await claimOf(headers)).client;
    const mine = await client({ authorization: 'Bearer me' });
    expect(await client({ authorization: 'bearer   me' })).toBe(mine);
    expect(await client({ 'api-key': 'me' })).toBe(mine);
    expect(await client({ authorization: 'Basic 7', 'api-key': 'me' })).toBe(mine);
    expect(await client({ authorization: 'Bearer you' })).not.toBe(mine);
    expect(mine).toMatch(/^[\w+/]{43}=$/);
  });

  it('has a deadline if the client has one', async () => {
    const before = performance.now();
    const { deadlineAtMs } = await claimOf({ 'x-request-timeout-ms': '60000' });
    expect(deadlineAtMs).toBeGreaterThan(before + 59_000);
    expect(deadlineAtMs).toBeLessThanOrEqual(performance.now() + 60_000);
  });

  it.each([
    ['X-Session-Id', 'two words'],
    ['X-Session-Id', 'x'.repeat(129)],
    ['X-Request-Timeout-Ms', 'soon'],
    ['X-Request-Timeout-Ms', '0'],
    ['X-Request-Timeout-Ms', '-5'],
    ['X-Request-Timeout-Ms', '1.5'],
    ['X-Request-Timeout-Ms', '86400001'],
    ['X-Chorus-Class', 'urgent'],
  ])('is refused by the name of a bad header (%s)', async (name, value) => {
    const answer = await door.postJson(SPEECH, ask, { headers: { [name]: value } });
    expect(answer.status).toBe(400);
    const error = await errorOf(answer);
    expect(error).toMatchObject({ code: 'invalid_value', param: name });
    expect(error['message']).toContain(name);
    expect(door.router.requests).toEqual([]);
  });

  it('is asked of nobody at the routes of machines', async () => {
    const answer = await door.get('/live', { headers: { 'x-session-id': 'two words' } });
    expect(answer.status).toBe(200);
  });
});
