import { connect } from 'node:net';
import koffi from 'koffi';

/** Source: netdevice(7) and linux/sockios.h. */
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SIOCSIFFLAGS = 0x8914;
const IFF_UP_AND_RUNNING = 0x41;
const REQUEST_BYTES = 40;
const NAME_BYTES = 16;

/** Brings the loopback interface of a new network namespace up; it is the only one there. */
export function bringLoopbackUp(): void {
  const libc = koffi.load('libc.so.6');
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  const ioctl = libc.func('int ioctl(int fd, unsigned long request, void *argument)');
  const request = Buffer.alloc(REQUEST_BYTES);
  request.write('lo');
  request.writeInt16LE(IFF_UP_AND_RUNNING, NAME_BYTES);
  const failed = (ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, request) as number) !== 0;
  if (failed) throw new Error('the loopback interface cannot be brought up');
}

/** Why no other machine can be reached, such as `ENETUNREACH`; the address is for documents (RFC 5737). */
export function unreachable(): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '192.0.2.1', port: 9, timeout: 2_000 });
    const end = (reason: string): void => {
      socket.destroy();
      resolve(reason);
    };
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'unknown'));
    socket.once('timeout', () => end('timeout')).once('connect', () => end('connected'));
  });
}
