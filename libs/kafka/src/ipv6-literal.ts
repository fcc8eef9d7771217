const SUFFIX = '.ipv6-literal.net';
const BRACKETED = /^\[(.+)\](:\d+)$/;

/**
 * Rewrites an IPv6 bootstrap broker for kafkajs, which splits `host:port` at the first colon:
 * `[::1]:9092` becomes `--1.ipv6-literal.net:9092`, the Windows notation for places that allow no
 * colons. {@link socketHost} reverses it.
 */
export function seedBroker(broker: string): string {
  return broker.replace(BRACKETED, (_, host: string, port: string) => {
    return `${host.replaceAll(':', '-').replace('%', 's')}${SUFFIX}${port}`;
  });
}

/** Host that a socket connects to. */
export function socketHost(host: string): string {
  if (!host.endsWith(SUFFIX)) return host;
  return host.slice(0, -SUFFIX.length).replace('s', '%').replaceAll('-', ':');
}
