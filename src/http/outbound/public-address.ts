import ipaddr from 'ipaddr.js';

/**
 * Addresses that look public and lead into a provider's own net: 168.63.129.16 is where virtual
 * machines of Azure reach the host they run on. Those of other clouds (169.254.169.254,
 * 100.100.100.200, fd00:ec2::254 and so on) lie in ranges that are refused as a whole.
 */
const HOST_ADDRESSES: ReadonlySet<string> = new Set(['168.63.129.16']);

/** IPv6 addresses that are routed in the internet (RFC 4291 and IANA's registry). */
const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];

/**
 * Whether an IP address is one of the internet's, so that fetching from it for a user shows him
 * nothing that he cannot see himself. Only global unicast counts: no private, loopback, link-local,
 * shared, multicast, documentation or reserved range, and no IPv6 range that holds IPv4 addresses.
 * @param address IPv4 with four decimal parts, or IPv6 without brackets.
 */
export function isPublicAddress(address: string): boolean {
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) {
    return ipaddr.IPv4.parse(address).range() === 'unicast' && !HOST_ADDRESSES.has(address);
  }
  if (!ipaddr.IPv6.isValid(address)) return false;
  const parsed = ipaddr.IPv6.parse(address);
  return parsed.range() === 'unicast' && parsed.match(GLOBAL_UNICAST);
}
