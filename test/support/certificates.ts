import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { at as valueAt } from '@flowline/events';

/** A certificate authority and a certificate signed by it, as PEM texts. */
export interface TestCertificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/**
 * Creates a certificate authority and a certificate for one host with openssl, valid for one day.
 * @param host such as `IP:127.0.0.1`.
 */
export function makeCertificates(host: string): TestCertificates {
  const folder = mkdtempSync(path.join(tmpdir(), 'flowline-certificates-'));
  const at = (name: string): string => path.join(folder, name);
  const openssl = (...args: string[]): void => {
    const { status, stderr, error } = spawnSync('openssl', args, { encoding: 'utf8', cwd: folder });
    if (status !== 0) throw new Error(`openssl ${valueAt(args, 0)}: ${error?.message ?? stderr}`);
  };
  try {
    const key = ['-newkey', 'rsa:2048', '-nodes'];
    openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '1', '-subj', '/CN=flowline test');
    openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=server');
    writeFileSync(at('host'), `subjectAltName=${host}\n`);
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '1', '-extfile', 'host'];
    openssl('x509', '-req', '-in', 'server.csr', '-out', 'server.pem', ...signed);
    const read = (name: string): string => readFileSync(at(name), 'utf8');
    return { ca: read('ca.pem'), cert: read('server.pem'), key: read('server.key') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
