#!/usr/bin/env -S node --max-semi-space-size=4
import { run } from './program.js';

process.exitCode = await run(process.argv.slice(2));
