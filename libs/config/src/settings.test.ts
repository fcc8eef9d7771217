import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';

import type { FlowlineError } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { loadSettings, requireDatabaseUrl, requireKafkaBrokers } from './settings.ts';

const failure = (run: () => unknown): FlowlineError => {
  try {
    run();
  } catch (error) {
    return error as FlowlineError;
  }
  throw new Error('nothing was thrown');
};

describe('loadSettings', () => {
  it('has a default for everything but addresses', () => {
    const settings = loadSettings({ FLOWLINE_HTTP_PORT: '', PATH: '/bin' });
    expect(settings).toEqual({
      database: { url: null, poolSize: 8 },
      kafka: { brokers: null, clientId: 'flowline', tls: null, sasl: null },
      logLevel: 'info',
      http: null,
      httpHost: '127.0.0.1',
      links: { publicUrl: null, keys: [] },
      backend: 'wasm',
      scoring: { backend: null, threads: null },
      cacheFolder: path.join(homedir(), '.cache', 'flowline'),
      batch: { maxRows: 5_000, maxWaitMs: 25 },
      eventMaxBytes: 1_000_000,
      windowsMaxBytes: 512_000_000,
      consumerStallMs: 60_000,
      shutdownTimeoutMs: 20_000,
    });
    expect(failure(() => requireDatabaseUrl(settings)).message).toContain('FLOWLINE_DATABASE_URL');
    expect(failure(() => requireKafkaBrokers(settings)).message).toContain('FLOWLINE_KAFKA_BROKERS');
  });

  it('reads numbers, lists and references', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'flowline-settings-'));
    const file = path.join(folder, 'url');
    writeFileSync(file, 'postgres://u:p@db/flow\n');
    const settings = loadSettings({
      FLOWLINE_DATABASE_URL: `file:${file}`,
      FLOWLINE_KAFKA_BROKERS: 'env:BROKERS',
      BROKERS: 'a:9092, b:9093',
      FLOWLINE_HTTP_PORT: '8080',
      FLOWLINE_LOG_LEVEL: 'debug',
      FLOWLINE_BACKEND: 'cpu',
    });
    rmSync(folder, { recursive: true });
    expect(requireDatabaseUrl(settings)).toBe('postgres://u:p@db/flow');
    expect(requireKafkaBrokers(settings)).toEqual(['a:9092', 'b:9093']);
    expect(settings).toMatchObject({ http: { host: '127.0.0.1', port: 8080 }, logLevel: 'debug', backend: 'cpu' });
  });

  it('has what scores and the cache folder by name', () => {
    const scoring = { FLOWLINE_SCORING_BACKEND: 'wasm-pool', FLOWLINE_SCORING_THREADS: '3' };
    expect(loadSettings(scoring).scoring).toEqual({ backend: 'wasm-pool', threads: 3 });
    expect(loadSettings({ XDG_CACHE_HOME: '/x', FLOWLINE_CACHE_DIR: '/y' }).cacheFolder).toBe('/y');
    expect(loadSettings({ XDG_CACHE_HOME: '/x' }).cacheFolder).toBe(path.join('/x', 'flowline'));
    expect(loadSettings({ XDG_CACHE_HOME: 'x' }).cacheFolder).toBe(path.join(homedir(), '.cache', 'flowline'));
    const wrong = { FLOWLINE_SCORING_BACKEND: 'abacus', FLOWLINE_SCORING_THREADS: '0' };
    expect(failure(() => loadSettings(wrong)).message).toMatch(
      /FLOWLINE_SCORING_BACKEND: found "abacus" — expected auto or one of wasm, .*\n.*FLOWLINE_SCORING_THREADS: found "0" — expected at least 1/,
    );
  });

  it('reads certificates and passwords from where they are', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'flowline-settings-'));
    const ca = path.join(folder, 'ca.pem');
    writeFileSync(ca, '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n');
    const { kafka } = loadSettings({
      FLOWLINE_KAFKA_TLS: 'true',
      FLOWLINE_KAFKA_TLS_CA: `file:${ca}`,
      FLOWLINE_KAFKA_SASL: 'scram-sha-512',
      FLOWLINE_KAFKA_USERNAME: 'flowline',
      FLOWLINE_KAFKA_PASSWORD: 'env:KAFKA_SECRET',
      KAFKA_SECRET: 's3cret',
    });
    rmSync(folder, { recursive: true });
    expect(kafka.tls).toEqual({ ca: expect.stringContaining('BEGIN CERTIFICATE'), cert: null, key: null });
    expect(kafka.sasl).toEqual({ mechanism: 'scram-sha-512', username: 'flowline', password: 's3cret' });
  });

  it('reads the address and the keys of links', () => {
    const [first, second] = ['a'.repeat(64), 'b'.repeat(32)];
    const { links } = loadSettings({
      FLOWLINE_PUBLIC_URL: 'https://Flowline.example.org:443/alerting//',
      FLOWLINE_LINK_KEY: 'env:LINK_KEYS',
      LINK_KEYS: `${first},\n${second}\n`,
    });
    expect(links).toEqual({ publicUrl: 'https://flowline.example.org/alerting', keys: [first, second] });
  });

  it.each([
    'flowline.example.org',
    'ftp://flowline.example.org',
    'https://u:p@flowline.example.org',
    'https://u@flowline.example.org',
    'https://flowline.example.org/?a=b',
    'https://flowline.example.org/#a',
    'https://flowline.example.org/a|b',
    'https://flowline.example.org/ a',
    'https://',
  ])('refuses %s as the public address', (url) => {
    expect(failure(() => loadSettings({ FLOWLINE_PUBLIC_URL: url })).message).toContain('expected http(s)://host');
  });

  it('refuses keys that are short, and quotes none', () => {
    const long = 's3cret'.repeat(6);
    for (const keys of ['s3cret', `${long},s3cret`, ',', Array.from({ length: 11 }, () => long).join()]) {
      const { message } = failure(() => loadSettings({ FLOWLINE_LINK_KEY: keys }));
      expect(message).toContain('expected 1 to 10 keys of at least 32 bytes each');
      expect(message).not.toContain('s3cret');
    }
  });

  it('refuses half a login, half a certificate, and certificates without TLS', () => {
    const { message } = failure(() =>
      loadSettings({
        FLOWLINE_KAFKA_USERNAME: 'flowline',
        FLOWLINE_KAFKA_PASSWORD: 's3cret',
        FLOWLINE_KAFKA_TLS_KEY: '-----BEGIN PRIVATE KEY-----s3cret',
      }),
    );
    expect(message.match(/FLOWLINE_KAFKA_\w+(?=:)/g)).toEqual([
      'FLOWLINE_KAFKA_SASL',
      'FLOWLINE_KAFKA_TLS_CERT',
      'FLOWLINE_KAFKA_TLS',
    ]);
    expect(message).not.toContain('s3cret');
    const badKey = failure(() => loadSettings({ FLOWLINE_KAFKA_TLS_KEY: 's3cret', FLOWLINE_KAFKA_TLS_CA: '/ca.pem' }));
    expect(badKey.message).toContain('expected a private key as PEM text');
    expect(badKey.message).not.toContain('s3cret');
  });

  it.each<[string, Record<string, string>]>([
    ['a secret where a reference stands', { FLOWLINE_DATABASE_URL: 'env:postgres://u:s3cret@db/flow' }],
    ['a secret that looks like a reference', { FLOWLINE_KAFKA_PASSWORD: 'env:s3cret' }],
    ['a secret that looks like a file', { FLOWLINE_KAFKA_PASSWORD: 'file:s3cret' }],
    ['a login taken for a path', { FLOWLINE_KAFKA_BROKERS: 'file://u:s3cret@db' }],
    ['what a reference stands for', { FLOWLINE_LOG_LEVEL: 'env:TOKEN', TOKEN: 's3cret' }],
    ['a login among brokers', { FLOWLINE_KAFKA_BROKERS: 'u:s3cret@kafka:9092' }],
    ['a key in place of a certificate', { FLOWLINE_KAFKA_TLS: 'true', FLOWLINE_KAFKA_TLS_CERT: 's3cret' }],
    ['a URL of something else', { FLOWLINE_DATABASE_URL: 'jdbc:postgresql://h/d?user=u&password=s3cret' }],
  ])('never quotes %s', (_, env) => {
    const error = failure(() => loadSettings(env));
    expect(error.code).toBe('FLOWLINE_CONFIG_INVALID');
    expect([error.message, error.remedy, error.stack, String(error.cause)].join()).not.toContain('s3cret');
  });

  it('lists everything that is wrong, and no secret', () => {
    const error = failure(() =>
      loadSettings({
        FLOWLINE_DATABASE_URL: 'mysql://u:s3cret@db/flow',
        FLOWLINE_KAFKA_BROKERS: 'env:NOT_SET',
        FLOWLINE_HTTP_PORT: '70000',
        FLOWLINE_LOG_LEVEL: 'loud',
        FLOWLINE_BATCH_MAX_ROWS: 'many',
      }),
    );
    expect(error.code).toBe('FLOWLINE_CONFIG_INVALID');
    expect(error.message.split('\n').slice(1).sort()).toEqual([
      '  FLOWLINE_BATCH_MAX_ROWS: found "many" — expected a whole number',
      '  FLOWLINE_DATABASE_URL: found another kind of value — expected postgres://user:password@host:port/database',
      '  FLOWLINE_HTTP_PORT: found "70000" — expected at most 65535',
      '  FLOWLINE_KAFKA_BROKERS: refers to the variable NOT_SET, which is not set — set NOT_SET',
      '  FLOWLINE_LOG_LEVEL: found "loud" — expected one of trace, debug, info, warn, error, fatal, silent',
    ]);
  });
});
