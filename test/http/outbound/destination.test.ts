import { describe, expect, test } from 'vitest';
import { checkUrl, findDestination } from '../../../src/http/outbound/destination.js';
import { ChorusError } from '../../../src/protocol/errors.js';

function codeOf(text: string, allowHosts: readonly string[] = []): string {
  try {
    checkUrl(text, allowHosts);
    return 'allowed';
  } catch (caught) {
    return ChorusError.from(caught).code;
  }
}

const FORBIDDEN = [
  'ftp://example.com/a.wav',
  'file:///etc/passwd',
  'data:audio/wav;base64,AAAA',
  '/a.wav',
  '',
  'http://user@example.com/',
  'http://user:word@example.com/',
  'http://127.0.0.1/',
  'http://127.1/',
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0x7f.0.0.1/',
  'http://0177.0.0.1/',
  'http://①②⑦.0.0.1/',
  'http://0/',
  'http://[::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://169.254.169.254/latest/meta-data/',
  'http://[fd00:ec2::254]/',
  'http://example.com:22/',
  'http://example.com:25/',
  `http://example.com/${'a'.repeat(2048)}`,
];

describe('checkUrl', () => {
  test.each(FORBIDDEN)('refuses %s', (text) => {
    expect(codeOf(text)).toBe('forbidden_address');
  });

  test.each(['http://example.com/', 'https://example.com:8443/a?b=c', 'http://8.8.8.8:80/'])(
    'takes %s',
    (text) => {
      expect(codeOf(text)).toBe('allowed');
    },
  );

  test('hosts that an operator allows may have any address and port', () => {
    const hosts = ['127.0.0.1', '[0:0::1]', 'intranet.example', '*.internal.example'];
    const allowed = [
      'http://127.0.0.1:22/',
      'http://0x7f000001:9/',
      'http://[::1]:5000/',
      'http://INTRANET.example:81/',
      'http://intranet.example.:81/',
      'http://a.b.internal.example:81/',
    ];
    for (const text of allowed) expect([text, codeOf(text, hosts)]).toEqual([text, 'allowed']);
    const others = [
      'http://127.0.0.2/',
      'http://[::2]/',
      'http://internal.example:81/',
      'http://xinternal.example:81/',
      'http://intranet.example.org:81/',
      'http://user@127.0.0.1/',
      'ftp://127.0.0.1/',
    ];
    const refused = 'forbidden_address';
    for (const text of others) expect([text, codeOf(text, hosts)]).toEqual([text, refused]);
  });

  test('an error does not repeat the address', () => {
    expect(() => checkUrl('http://secret.example:22/word', [])).toThrow(
      /^(?!.*(?:secret|word)).*$/,
    );
  });
});

describe('findDestination', () => {
  const find = (url: string, found: readonly string[], allowHosts: readonly string[] = []) =>
    findDestination(new URL(url), {
      allowHosts,
      resolve: async () =>
        found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    });

  test('a host with any address that is not public is refused', async () => {
    const refused = { code: 'forbidden_address' };
    await expect(find('http://a.example/', ['127.0.0.1'])).rejects.toMatchObject(refused);
    await expect(find('http://a.example/', ['8.8.8.8', '10.0.0.1'])).rejects.toMatchObject(refused);
    await expect(find('http://a.example/', ['8.8.8.8', '::1'])).rejects.toMatchObject(refused);
    await expect(find('http://[::1]/', ['8.8.8.8'])).rejects.toMatchObject(refused);
  });

  test('a public host goes where it was found, an allowed one anywhere', async () => {
    const found = await find('http://a.example/', ['8.8.8.8', '2606:4700::1']);
    expect(found.addresses.map(({ address }) => address)).toEqual(['8.8.8.8', '2606:4700::1']);
    const allowed = await find('http://a.example/', ['10.0.0.1'], ['a.example']);
    expect(allowed.addresses).toEqual([{ address: '10.0.0.1', family: 4 }]);
  });

  test('a host that is not found is a failure, not a refusal', async () => {
    await expect(find('http://a.example/', [])).rejects.toMatchObject({ code: 'fetch_failed' });
  });
});
