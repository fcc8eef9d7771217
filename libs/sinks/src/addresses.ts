import { lookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

import { FlowlineError } from '@flowline/events';

/**
 * Addresses that are not on the public internet: private (RFC 1918, 4193, 6598), loopback,
 * link-local, multicast, reserved, and tunnels that may hide one of them.
 */
const internal = new BlockList();
for (const [network, prefix] of [
  ...([
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
  ] as const),
  ...([
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
    ['224.0.0.0', 3],
  ] as const),
]) {
  internal.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ...([
    ['::', 96],
    ['64:ff9b:1::', 48],
    ['100::', 64],
    ['2001::', 32],
    ['2002::', 16],
  ] as const),
  ...([
    ['fc00::', 7],
    ['fe80::', 9],
    ['ff00::', 8],
  ] as const),
]) {
  internal.addSubnet(network, prefix, 'ipv6');
}

/** IPv4 address within a NAT64 address (RFC 6052), as its last two groups. */
const NAT64 = /^64:ff9b::([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/** True if an IP address is not on the public internet. */
export function isInternalAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 0) return true;
  if (version === 4) return internal.check(address, 'ipv4');
  // Mapped IPv4 addresses are compared with the IPv4 networks.
  const [, high, low] = NAT64.exec(canonical(address)) ?? [];
  if (high !== undefined && low !== undefined) {
    const bits = parseInt(high, 16) * 65_536 + parseInt(low, 16);
    return internal.check([24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.'), 'ipv4');
  }
  return internal.check(address, 'ipv6');
}

/** The shortest form of an IPv6 address, without a zone. */
const canonical = (address: string): string => new URL(`http://[${address.replace(/%.*/, '')}]`).hostname.slice(1, -1);

/**
 * Checks the host of a URL if it is an address. A name is checked when it is resolved
 * ({@link guardedLookup}).
 * @throws FlowlineError FLOWLINE_SINK_ADDRESS for an internal address that is not allowed.
 */
export function checkHost(hostname: string, allow: readonly string[]): void {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && isInternalAddress(host) && !isAllowed(host, allow)) throw addressRefused();
}

/**
 * Resolves names when a connection is made, so that what is checked is what is connected to. A name
 * with any internal address is refused, unless it is allowed.
 */
export function guardedLookup(allow: readonly string[]): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[] | undefined) => {
      const addresses = found ?? [];
      const isRefused = !isAllowed(hostname, allow) && addresses.some(({ address }) => isInternalAddress(address));
      const [first] = addresses;
      if (error !== null) callback(error, '', 0);
      else if (isRefused) callback(addressRefused(), '', 0);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first?.address ?? '', first?.family ?? 0);
    });
  };
}

/**
 * Resolves a host to an address, for a client that connects by itself.
 * @throws FlowlineError FLOWLINE_SINK_ADDRESS; the error of the resolver.
 */
export function resolveHost(host: string, allow: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    guardedLookup(allow)(host, {}, (error, address) => {
      if (error === null && typeof address === 'string') resolve(address);
      else reject(error ?? new Error('no address'));
    });
  });
}

const isAllowed = (host: string, allow: readonly string[]): boolean =>
  allow.some((name) => name.toLowerCase() === host.toLowerCase());

/** Error without the host: it may be part of a secret. */
function addressRefused(): FlowlineError {
  const message = 'The host has a private, loopback or link-local address, to which nothing is sent.';
  const remedy = "Name the host under `allow` of the sink's document if it is meant, and apply it again.";
  return new FlowlineError('FLOWLINE_SINK_ADDRESS', message, { where: 'the url of the sink', remedy });
}
