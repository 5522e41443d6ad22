/** A program that starts a child, lets go of it once it serves, and has nothing else to do. */
import { ChildHandle } from '../../src/supervisor/child-handle.js';

const child = new ChildHandle({
  entry: new URL('./telemetry-entry.js', import.meta.url),
  environment: process.env,
  launcher: [],
  init: { role: 'telemetry', supervisorPid: process.pid, nvmlLibrary: '/dev/null' },
  readyTimeoutMs: 60_000,
  onMessage: () => {},
});
await child.ready;
child.letGo();
process.stdout.write(String(child.pid));
