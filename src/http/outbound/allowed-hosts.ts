/**
 * Whether an operator allows a host whatever its addresses are.
 * @param hostname As `URL` gives it: in lower case, IP addresses in their one form, IPv6 in brackets.
 * @param allowHosts Names, `*.domain` (all below it, not itself) and IP addresses, in lower case.
 */
export function isAllowedHost(hostname: string, allowHosts: readonly string[]): boolean {
  const host = withoutLastDot(hostname);
  return allowHosts.some((entry) =>
    entry.startsWith('*.') ? host.endsWith(entry.slice(1)) : host === normalised(entry),
  );
}

/** A name with the root's dot at its end is the same name. */
function withoutLastDot(hostname: string): string {
  return hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
}

/** An IPv6 address can be written in many ways; `URL` knows the one that it writes itself. */
function normalised(entry: string): string {
  const url = `http://${entry}`;
  return URL.canParse(url) ? new URL(url).hostname : entry;
}
