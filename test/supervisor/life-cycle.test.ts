import { expect, it } from 'vitest';

import { LifeCycle } from '../../src/supervisor/life-cycle.js';
import { SlotHistory } from '../../src/supervisor/slot-history.js';

it('logs and counts each change of state, and refuses a way that is not drawn', () => {
  const lines: unknown[] = [];
  const note = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, ...fields, message });
  const log = {
    debug: note('debug'),
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
  };
  let changes = 0;
  const life = new LifeCycle({ name: 'cpu-0', log, onChange: () => (changes += 1) });
  life.enter('starting');
  life.enter('crashed', { reason: 'why' });
  life.enter('starting');
  expect(lines).toEqual([
    { level: 'info', from: 'stopped', message: 'cpu-0 is starting' },
    { level: 'error', from: 'starting', reason: 'why', message: 'cpu-0 is crashed' },
    { level: 'info', from: 'crashed', message: 'cpu-0 is starting' },
  ]);
  expect(life.timesEntered('starting')).toBe(2);
  expect(life.timesEntered('crashed')).toBe(1);
  expect(life.timesEntered('ready')).toBe(0);
  expect(changes).toBe(3);
  expect(() => life.enter('ready')).toThrow('cpu-0 cannot go from starting to ready.');
  expect(life.state).toBe('starting');
});

it('counts restarts by what they were for, or by the last failure', () => {
  const history = new SlotHistory();
  history.failed('hung', 'a step hung');
  history.restarted();
  history.failed('crashed', 'it died');
  history.restarted();
  history.restarted('operator');
  history.restarted('operator');
  expect([...history.restarts]).toEqual([
    ['hung', 1],
    ['crashed', 1],
    ['operator', 2],
  ]);
  expect(history.totalRestarts).toBe(4);
});
