import { afterAll, beforeAll, describe, it } from 'vitest';

import { CheckBed } from '../../bench/gpu/bed.js';
import { GPU_CHECKS } from '../../bench/gpu/checks.js';
import { testSite } from './gpu-site.js';

/** Two servers start, one after the other, each with four models; on a GPU every shape is run once. */
const START_TIMEOUT_MS = 1_500_000;
const CHECK_TIMEOUT_MS = 900_000;

const place = await testSite();

describe.skipIf(place === undefined)('on the GPU', () => {
  let bed: CheckBed;

  beforeAll(async () => {
    if (place) bed = await CheckBed.make(place.site);
  }, START_TIMEOUT_MS);

  afterAll(async () => {
    await bed.remove();
    await place?.remove();
  });

  it.each(GPU_CHECKS)(
    '$title',
    async ({ run }) => {
      await run(bed);
    },
    CHECK_TIMEOUT_MS,
  );
});
