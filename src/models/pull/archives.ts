import { createReadStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { extract } from 'tar';
import { openPromise } from 'yauzl';
import type { Entry, ZipFile } from 'yauzl';
