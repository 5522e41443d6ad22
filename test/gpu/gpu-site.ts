import { DEVICE_VARIABLE, findSite, type GpuSite } from '../../bench/gpu/site.js';
import { modelDir } from '../support/models.js';
import { FakeDriver } from './fake-driver.js';

/** A place to run the GPU checks at, and what ends it. */
export interface TestSite {
  readonly site: GpuSite;
  remove(): Promise<void>;
}

/**
 * The machine's GPU; undefined where there is none. A rehearsal (`CHORUS_GPU_TESTS_DEVICE=cpu`) gets a
 * driver that is fake, so that all that asks one is run as well.
 */
export async function testSite(): Promise<TestSite | undefined> {
  const modelsDir = modelDir('.');
  if (process.env[DEVICE_VARIABLE] !== 'cpu') {
    const site = await findSite({ modelsDir });
    return site && { site, remove: async () => {} };
  }
  const driver = await FakeDriver.create();
  const { uuid: device, env } = driver;
  const name = 'CPU (rehearsal with a fake driver)';
  const site = { device, name, isRehearsal: true, env, modelsDir };
  return { site, remove: () => driver.remove() };
}
