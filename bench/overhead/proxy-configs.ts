/** Where a proxy listens and what it stands in front of. */
export interface ProxyPlace {
  readonly port: number;
  /** Unix sockets of the workers. */
  readonly sockets: readonly string[];
  /** For its own files. */
  readonly folder: string;
  /** Who it runs as: the sockets are in a folder that only their owner may enter. */
  readonly user: string;
}

/** HAProxy with one thread, least connections, and connections to the workers that are used again. */
export function haproxyConfig({ port, sockets }: ProxyPlace): string {
  const servers = sockets.map((socket, n) => `  server w${n} unix@${socket}`).join('\n');
  return `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend door
  bind 127.0.0.1:${port}
  default_backend workers
backend workers
  balance leastconn
  http-reuse always
${servers}
`;
}

/** nginx with one process, least connections, and answers that are passed on as they come. */
export function nginxConfig({ port, sockets, folder, user }: ProxyPlace): string {
  const servers = sockets.map((socket) => `    server unix:${socket};`).join('\n');
  return `${userLine(user)}daemon off;
master_process off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  upstream workers {
    least_conn;
${servers}
    keepalive 128;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://workers;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`;
}

/** Only root may become somebody else, and would become nobody if not told. */
function userLine(user: string): string {
  return user === 'root' ? 'user root;\n' : '';
}
