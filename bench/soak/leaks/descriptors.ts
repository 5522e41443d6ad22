/** Planted leak: a file opened four times a second that nobody ever closes. */
import { openSync } from 'node:fs';

import { leakInSupervisor } from './in-supervisor.js';

leakInSupervisor(() => void openSync(process.execPath, 'r'));
