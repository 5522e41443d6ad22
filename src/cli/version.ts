import { readFileSync } from 'node:fs';

const packageUrl = new URL('../../../package.json', import.meta.url);

/** Version of this program, as in package.json. */
export const VERSION: string = (
  JSON.parse(readFileSync(packageUrl, 'utf8')) as { readonly version: string }
).version;
