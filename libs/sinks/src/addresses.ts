import { lookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

import { FlowlineError } from '@flowline/events';

/**
 * Addresses that are not on the public internet: private (RFC 1918, 4193, 6598), loopback,
 * link-local, multicast, reserved, those of a cloud's own services, and tunnels that may hide one
 * of them.
 */
const internal = new BlockList();
for (const [network, prefix] of [
  ...([
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['168.63.129.16', 32],
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
  // The same within IPv6: of a translator (RFC 6052, RFC 2765). Mapped ones are compared anyway.
  for (const translated of ['64:ff9b::', '::ffff:0:']) internal.addSubnet(translated + network, 96 + prefix, 'ipv6');
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

/** True if an IP address is not on the public internet. */
export function isInternalAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 0) return true;
  return internal.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

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
