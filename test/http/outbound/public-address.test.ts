import { describe, expect, test } from 'vitest';
import { isPublicAddress } from '../../../src/http/outbound/public-address.js';

const PRIVATE: readonly (readonly [string, readonly string[]])[] = [
  ['unspecified', ['0.0.0.0', '0.1.2.3', '::']],
  ['loopback', ['127.0.0.1', '127.255.255.254', '::1']],
  ['private', ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1']],
  ['link-local and cloud metadata', ['169.254.169.254', '169.254.0.1', 'fe80::1', 'fe80::1%eth0']],
  ['metadata elsewhere', ['100.100.100.200', '192.0.0.192', 'fd00:ec2::254', '168.63.129.16']],
  ['unique local', ['fc00::1', 'fdff:ffff::1']],
  ['site-local', ['fec0::1']],
  ['shared by carriers', ['100.64.0.1', '100.127.255.255']],
  ['multicast', ['224.0.0.1', '239.255.255.255', 'ff02::1']],
  ['broadcast', ['255.255.255.255']],
  ['reserved', ['240.0.0.1', '192.0.2.1', '198.51.100.7', '203.0.113.9', '198.18.0.1']],
  ['documentation', ['2001:db8::1', '3fff::1']],
  ['IPv4 in IPv6', ['::ffff:127.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1', '::ffff:0:127.0.0.1']],
  ['NAT64', ['64:ff9b::7f00:1', '64:ff9b::808:808', '64:ff9b:1::a00:1']],
  ['6to4', ['2002:7f00:1::', '2002:a00:1::1']],
  ['Teredo', ['2001::1', '2001:0:4136:e378:8000:63bf:3fff:fdd2']],
  ['discarded, not yet given out', ['100::1', '4000::1', '5f00::1']],
  ['not an address', ['', 'localhost', '127.1', '0x7f.0.0.1', '2130706433', '[::1]', '1.2.3.4/8']],
];

describe('isPublicAddress', () => {
  test.each(PRIVATE)('refuses %s', (_, addresses) => {
    expect(addresses.filter((address) => isPublicAddress(address))).toEqual([]);
  });

  test('takes addresses of the internet', () => {
    const addresses = [
      '8.8.8.8',
      '1.1.1.1',
      '100.63.255.255',
      '100.128.0.0',
      '172.15.255.255',
      '172.32.0.0',
      '2606:4700:4700::1111',
      '2a00:1450:4001:82a::200e',
    ];
    expect(addresses.filter((address) => !isPublicAddress(address))).toEqual([]);
  });
});
