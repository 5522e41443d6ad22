import { describe, expect, it } from 'vitest';

import { PoisonList } from '../../src/supervisor/poison-list.js';

describe('the list of poisonous inputs', () => {
  it('holds an input that two processes have died of', () => {
    const list = new PoisonList();
    list.suspect('input', 'cpu-0.1');
    expect(list.isPoison('input')).toBe(false);
    list.suspect('input', 'cpu-0.1');
    expect(list.isPoison('input')).toBe(false);
    list.suspect('input', 'cpu-0.2');
    expect(list.isPoison('input')).toBe(true);
    expect(list.isPoison('other')).toBe(false);
  });

  it('clears an input that was answered well', () => {
    const list = new PoisonList();
    list.suspect('input', 'cpu-0.1');
    list.clear('input');
    list.suspect('input', 'cpu-0.2');
    expect(list.isPoison('input')).toBe(false);
  });

  it('forgets after ten minutes', () => {
    let now = 0;
    const list = new PoisonList(() => now);
    list.suspect('input', 'cpu-0.1');
    list.suspect('input', 'cpu-0.2');
    now = 10 * 60_000 - 1;
    expect(list.isPoison('input')).toBe(true);
    now += 1;
    expect(list.isPoison('input')).toBe(false);
    expect(list.isEmpty).toBe(true);
  });

  it('keeps the latest thousand', () => {
    const list = new PoisonList();
    for (let number = 0; number < 1_200; number += 1) {
      list.suspect(String(number), 'cpu-0.1');
      list.suspect(String(number), 'cpu-0.2');
    }
    expect(list.isPoison('199')).toBe(false);
    expect(list.isPoison('200')).toBe(true);
  });
});
