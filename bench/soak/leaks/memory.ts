/** Planted leak: a quarter of a megabyte four times a second that nobody ever lets go. */
import { leakInSupervisor } from './in-supervisor.js';

const held: Buffer[] = [];

// Written through: a page that nobody has written to is not in memory.
leakInSupervisor(() => void held.push(Buffer.alloc(256 * 1024, held.length % 255)));
