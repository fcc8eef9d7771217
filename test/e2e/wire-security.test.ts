import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { connect } from '@flowline/db';
import { createKafkaClient, createRecordProducer, KafkaAdmin } from '@flowline/kafka';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { makeCertificates, type TestCertificates } from '../support/certificates.ts';
import { type NativeBroker, startNativeBroker } from '../support/kafka/native-broker.ts';
import { withKafka } from '../support/kafka.ts';
import { freePort, startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { applyTestDetector, testDefinition, testEvents } from '../support/scorer-model.ts';
import { startCli, startScorer } from '../support/scorer-process.ts';
import { untilReached } from '../support/until.ts';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const PASSWORDS = { scram: 'scram-s3cret', plain: 'plain-s3cret', wrong: 'wrong-s3cret', database: 'database-s3cret' };
const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

/**
 * Starts a broker with a listener for TLS with a login beside its plain one, which only the test
 * uses.
 */
async function startSecureBroker({ cert, key }: TestCertificates, port: number): Promise<NativeBroker> {
  const login = 'org.apache.kafka.common.security';
  const pem = (text: string): string => text.trim().replaceAll('\n', ' \\\n');
  const [plainPort, controllerPort] = await Promise.all([freePort(), freePort()]);
  return startNativeBroker({
    version: '4.1.0',
    scram: { user: 'flowline', password: PASSWORDS.scram },
    properties: {
      'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
      listeners: `PLAINTEXT://127.0.0.1:${plainPort},SECURE://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${plainPort},SECURE://127.0.0.1:${port}`,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL',
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      'listener.name.secure.plain.sasl.jaas.config': `${login}.plain.PlainLoginModule required user_flowline="${PASSWORDS.plain}";`,
      'listener.name.secure.scram-sha-256.sasl.jaas.config': `${login}.scram.ScramLoginModule required;`,
      'listener.name.secure.scram-sha-512.sasl.jaas.config': `${login}.scram.ScramLoginModule required;`,
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.certificate.chain': pem(cert),
      'ssl.keystore.key': pem(key),
    },
    address: `127.0.0.1:${plainPort}`,
  });
}

/** Turns on TLS in a running server, whose certificate is a file in its data folder. */
async function secure(database: TestDatabase, { cert, key }: TestCertificates): Promise<void> {
  const write = (name: string, text: string) =>
    database.query(
      `COPY (SELECT '${Buffer.from(text).toString('base64')}') TO PROGRAM 'umask 077; base64 -d > "$PWD/${name}"'`,
    );
  await write('server.crt', cert);
  await write('server.key', key);
  await database.query('ALTER SYSTEM SET ssl = on');
  await database.query('SELECT pg_reload_conf()');
}

withKafka(describe)('TLS and logins', () => {
  const host = makeCertificates('IP:127.0.0.1');
  const other = makeCertificates('DNS:elsewhere.example');
  const folder = mkdtempSync(path.join(tmpdir(), 'flowline-secrets-'));
  let broker: NativeBroker;
  let postgres: TestPostgres;
  let database: TestDatabase;
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    [broker, postgres] = await Promise.all([startSecureBroker(host, port), startPostgres()]);
    database = await postgres.createDatabase();
    writeFileSync(path.join(folder, 'ca.pem'), host.ca);
    writeFileSync(path.join(folder, 'other.pem'), other.ca);
    writeFileSync(path.join(folder, 'password'), `${PASSWORDS.scram}\n`);
  }, 180_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await Promise.all([broker.stop(), postgres.stop()]);
  }, 60_000);

  const secureClient = (mechanism: (typeof MECHANISMS)[number], password: string, ca: string | null = host.ca) =>
    createKafkaClient({
      brokers: [`127.0.0.1:${port}`],
      clientId: 'test',
      log: silent,
      tls: { ca, cert: null, key: null },
      sasl: { mechanism, username: 'flowline', password },
    });

  it.each(MECHANISMS)('reaches Kafka over TLS with %s', async (mechanism) => {
    const admin = await KafkaAdmin.connect(
      secureClient(mechanism, mechanism === 'plain' ? PASSWORDS.plain : PASSWORDS.scram),
    );
    expect(await admin.missingTopics(['absent'])).toEqual(['absent']);
    await admin.close();
  });

  it.each(MECHANISMS)('says that Kafka refused a wrong login with %s, and not which', async (mechanism) => {
    const error = await failureOf(KafkaAdmin.connect(secureClient(mechanism, PASSWORDS.wrong)));
    expect(error).toMatchObject({
      code: 'FLOWLINE_BROKER_UNREACHABLE',
      retryable: false,
      remedy: expect.stringContaining('FLOWLINE_KAFKA_PASSWORD'),
    });
    expect(JSON.stringify(error) + error.message).not.toContain(PASSWORDS.wrong);
  });

  it('does not trust a broker whose certificate another authority signed, or none that is known', async () => {
    for (const ca of [other.ca, null]) {
      const error = await failureOf(KafkaAdmin.connect(secureClient('scram-sha-512', PASSWORDS.scram, ca)));
      expect(error).toMatchObject({
        code: 'FLOWLINE_BROKER_UNREACHABLE',
        retryable: false,
        remedy: expect.stringContaining('FLOWLINE_KAFKA_TLS_CA'),
      });
    }
  });

  it('scores over TLS on both sides with secrets by reference, and never writes one', async () => {
    await secure(database, host);
    const topic = `secure-${process.pid}`;
    const client = secureClient('scram-sha-256', PASSWORDS.scram);
    const admin = await KafkaAdmin.connect(client);
    await admin.createTopic(topic, 1);
    await admin.createTopic(`${topic}.alerts`, 1);
    await admin.close();
    await applyTestDetector(database.db, testDefinition('secure', topic));
    await database.query(`CREATE ROLE secured LOGIN SUPERUSER PASSWORD '${PASSWORDS.database}'`);
    const url = new URL(database.url);
    url.username = 'secured';
    url.password = PASSWORDS.database;
    url.searchParams.set('sslmode', 'verify-full');
    url.searchParams.set('sslrootcert', path.join(folder, 'ca.pem'));
    const producer = createRecordProducer(client);
    const records = testEvents(200, 4).map((event) => ({ value: Buffer.from(JSON.stringify(event)) }));
    await producer.send(records.map(({ value }) => ({ topic, partition: 0, key: null, value, headers: {} })));
    await producer.close();

    const env = {
      FLOWLINE_LOG_LEVEL: 'trace',
      FLOWLINE_DATABASE_URL: 'env:DATABASE_SECRET',
      DATABASE_SECRET: url.href,
      FLOWLINE_KAFKA_BROKERS: `127.0.0.1:${port}`,
      FLOWLINE_KAFKA_TLS: 'true',
      FLOWLINE_KAFKA_TLS_CA: `file:${path.join(folder, 'ca.pem')}`,
      FLOWLINE_KAFKA_SASL: 'scram-sha-512',
      FLOWLINE_KAFKA_USERNAME: 'flowline',
      FLOWLINE_KAFKA_PASSWORD: `file:${path.join(folder, 'password')}`,
    };
    const written: string[] = [];
    const scorer = startScorer([], env);
    const stored = async () =>
      Number((await database.query('SELECT count(*)::int AS n FROM flowline.scored_events'))[0]?.n);
    await untilReached('stored events', 200, stored, { timeoutMs: 90_000, detail: () => scorer.stderr().slice(-4000) });
    const sessions = await database.query(
      `SELECT bool_and(s.ssl) AS encrypted FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.usename = 'secured'`,
    );
    expect(sessions).toEqual([{ encrypted: true }]);
    scorer.child.kill('SIGTERM');
    expect(await scorer.ended).toBe(0);
    written.push(scorer.stdout(), scorer.stderr());

    // No error message contains the secret that was wrong.
    const wrongUrl = url.href.replace(PASSWORDS.database, PASSWORDS.wrong);
    const otherCa = url.href.replace('ca.pem', 'other.pem');
    for (const [run, code] of [
      [startScorer([], { ...env, FLOWLINE_KAFKA_PASSWORD: PASSWORDS.wrong }), 'FLOWLINE_BROKER_UNREACHABLE'],
      [startScorer([], { ...env, DATABASE_SECRET: wrongUrl }), 'FLOWLINE_DATABASE_UNREACHABLE'],
      [startScorer([], { ...env, DATABASE_SECRET: otherCa }), 'FLOWLINE_DATABASE_UNREACHABLE'],
      [startScorer([], { ...env, FLOWLINE_KAFKA_TLS_KEY: PASSWORDS.wrong }), 'FLOWLINE_CONFIG_INVALID'],
    ] as const) {
      expect([await run.ended, run.stderr()]).toEqual([1, expect.stringContaining(code)]);
      written.push(run.stdout(), run.stderr());
    }
    const doctor = startCli(['doctor', '--json'], { ...env, FLOWLINE_KAFKA_PASSWORD: PASSWORDS.wrong });
    expect(await doctor.ended).toBe(3);
    written.push(doctor.stdout(), doctor.stderr());
    expect(written.join('').length).toBeGreaterThan(2_000);
    for (const secret of Object.values(PASSWORDS)) expect(written.join('\n')).not.toContain(secret);
  }, 240_000);

  it('does not trust a Postgres whose certificate is another host’s, or that speaks no TLS', async () => {
    const certain = new URL(database.url);
    certain.searchParams.set('sslmode', 'verify-full');
    certain.searchParams.set('sslrootcert', path.join(folder, 'other.pem'));
    const untrusted = await failureOf(connect(certain.href, { applicationName: 'test' }));
    expect(untrusted).toMatchObject({
      code: 'FLOWLINE_DATABASE_UNREACHABLE',
      retryable: false,
      remedy: expect.stringContaining('sslrootcert'),
    });
    await secure(database, other);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const elsewhere = await failureOf(connect(certain.href, { applicationName: 'test' }));
    expect(elsewhere).toMatchObject({ retryable: false, message: expect.stringContaining('not trusted') });
    await database.query('ALTER SYSTEM SET ssl = off');
    await database.query('SELECT pg_reload_conf()');
    await new Promise((resolve) => setTimeout(resolve, 500));
    const plain = await failureOf(connect(certain.href, { applicationName: 'test' }));
    expect(plain).toMatchObject({ retryable: false, message: expect.stringContaining('does not support SSL') });
  });
});

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const error: unknown = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (error instanceof Error) return error;
  throw new Error('nothing was thrown');
}
