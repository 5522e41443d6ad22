import { constants } from 'node:fs';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';

import { Program } from '../support/program.js';
import { freePort, untilReady } from '../support/ready.js';
import { note } from '../support/report.js';

/** What a peer is put in front of, and where it may write. */
export interface PeerSite {
  readonly sockets: readonly string[];
  readonly folder: string;
  /** Requests that a worker may have at once; absent = unbounded, and nothing waits in front. */
  readonly bound?: number;
}

/** A load balancer that runs. */
export interface Peer {
  readonly url: string;
  readonly program: Program;
}

type Peering = PeerSite & { readonly port: number };

/** Starts HAProxy with `balance leastconn`; undefined if it is not installed. */
export async function startHaproxy(site: PeerSite): Promise<Peer | undefined> {
  return startPeer('haproxy', site, {
    configuration: haproxyConfiguration,
    args: (file) => ['-db', '-f', file],
  });
}

/** Starts nginx with `least_conn`; undefined if it is not installed. */
export async function startNginx(site: PeerSite): Promise<Peer | undefined> {
  return startPeer('nginx', site, {
    configuration: nginxConfiguration,
    args: (file) => ['-p', site.folder, '-e', 'stderr', '-c', file],
  });
}

interface Way {
  readonly configuration: (site: Peering) => string;
  readonly args: (file: string) => readonly string[];
}

async function startPeer(
  name: 'haproxy' | 'nginx',
  site: PeerSite,
  { configuration, args }: Way,
): Promise<Peer | undefined> {
  const command = await find(name);
  if (command === undefined) {
    note(`router: no ${name} here, so it is left out; its Debian package is '${name}'.`);
    return undefined;
  }
  await mkdir(site.folder, { recursive: true });
  const port = await freePort();
  const file = join(site.folder, `${name}.conf`);
  await writeFile(file, configuration({ ...site, port }));
  const program = new Program({ name, command, args: args(file) });
  program.stdout.resume();
  const url = `http://127.0.0.1:${port}`;
  await untilReady(program, `${url}/live`);
  return { url, program };
}

/** Debian has both where a user's PATH does not look. */
async function find(name: string): Promise<string | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  for (const folder of folders) {
    const path = join(folder, name);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

function haproxyConfiguration({ sockets, port, bound }: Peering): string {
  const limit = bound === undefined ? '' : ` maxconn ${bound}`;
  const servers = sockets.map((path, n) => `  server w${n} unix@${path}${limit}`);
  return `global
  maxconn 4000
defaults
  mode http
  timeout connect 10s
  timeout queue 1h
  timeout client 1h
  timeout server 1h
listen workers
  bind 127.0.0.1:${port}
  monitor-uri /live
  balance leastconn
  http-reuse always
${servers.join('\n')}
`;
}

function nginxConfiguration({ sockets, port, folder }: Peering): string {
  const servers = sockets.map((path) => `    server unix:${path} max_fails=0;`);
  const { username, uid } = userInfo();
  // Its worker would become another user, who may not open the sockets.
  const user = uid === 0 ? `user ${username};` : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${join(folder, kind)};`,
  );
  return `${user}
daemon off;
# Each worker process of nginx would count for itself.
worker_processes 1;
pid ${join(folder, 'nginx.pid')};
events { worker_connections 8000; }
http {
  access_log off;
${temporary.join('\n')}
  upstream workers {
    least_conn;
${servers.join('\n')}
    keepalive 64;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    keepalive_requests 1000000;
    location = /live { return 200; }
    location / {
      proxy_pass http://workers;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_next_upstream off;
      proxy_read_timeout 1h;
      proxy_buffering off;
    }
  }
}
`;
}
