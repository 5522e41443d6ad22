import { DEVICE_VARIABLE, findSite, NO_GPU } from '../../bench/gpu/site.js';
import { setup as pullModels } from '../support/global-setup.js';

/** Says why nothing is tested, or fetches the models. */
export async function setup(): Promise<void> {
  const site = await findSite();
  if (site === undefined) {
    process.stderr.write(`${NO_GPU}\n`);
    return;
  }
  if (site.isRehearsal) {
    process.stderr.write(`${DEVICE_VARIABLE}=cpu: a rehearsal, which proves nothing of a GPU.\n`);
  }
  await pullModels();
}
