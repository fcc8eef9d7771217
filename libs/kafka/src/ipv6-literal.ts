const SUFFIX = '.ipv6-literal.net';
const BRACKETED = /^\[(.+)\](:\d+)$/;

/**
 * A bootstrap broker as kafkajs can take it: it splits `host:port` at the first colon, so the colons of `[::1]:9092` are written as Windows
 * does where none may be, `--1.ipv6-literal.net:9092`. {@link socketHost} reads it again.
 */
export function seedBroker(broker: string): string {
  return broker.replace(BRACKETED, (_, host: string, port: string) => {
    return `${host.replaceAll(':', '-').replace('%', 's')}${SUFFIX}${port}`;
  });
}

/** The host that a socket connects to. */
export function socketHost(host: string): string {
  if (!host.endsWith(SUFFIX)) return host;
  return host.slice(0, -SUFFIX.length).replace('s', '%').replaceAll('-', ':');
}
