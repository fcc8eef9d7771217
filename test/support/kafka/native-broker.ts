import { at } from '@flowline/events';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { kafkaJars } from './jars.ts';
import { untilBrokerAnswers } from './until-broker-answers.ts';

const conf = fileURLToPath(new URL('./', import.meta.url));

/** Options of a broker. */
export interface NativeBrokerOptions {
  readonly version: string;
  /** Advertised port of a second listener: the port of a proxy between clients and broker. */
  readonly proxyPort?: number;
  /** Additional lines of server.properties. */
  readonly properties?: Readonly<Record<string, string>>;
  /** `host:port` for clients, if `properties` set other listeners. */
  readonly address?: string;
  /** A user for SCRAM authentication. */
  readonly scram?: { readonly user: string; readonly password: string };
}

/** A broker as a process on this machine. running ⇄ killed; stop() removes its data. */
export interface NativeBroker {
  /** `host:port` for clients. */
  readonly address: string;
  /** Port of the listener that advertises `proxyPort`; null without one. */
  readonly proxiedPort: number | null;
  /** Kills the process as a crash would. Its data stays. */
  kill(): Promise<void>;
  /** Restarts it on its data and port, and waits until it answers. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Formats and starts a single-node Apache Kafka on free loopback ports. It ends by itself when this
 * process ends.
 * @throws Error with the reason why there are no jars, or with the end of the broker's log.
 */
export async function startNativeBroker(options: NativeBrokerOptions): Promise<NativeBroker> {
  const jars = kafkaJars(options.version);
  if ('reason' in jars) throw new Error(`no Kafka broker: ${jars.reason}`);
  const folder = mkdtempSync(path.join(tmpdir(), 'flowline-kafka-'));
  const [port, controllerPort, proxiedPort] = await freePorts();
  const properties = path.join(folder, 'server.properties');
  const log = path.join(folder, 'broker.log');
  const listener = options.proxyPort === undefined ? null : { port: proxiedPort, advertised: options.proxyPort };
  writeProperties(properties, {
    ...serverProperties(path.join(folder, 'data'), port, controllerPort, listener),
    ...options.properties,
  });
  const classpath = ['-cp', `${jars.folder}/*:${conf}`];
  format(classpath, properties, options.scram);

  let broker: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    const killed = broker;
    broker = undefined;
    if (killed?.exitCode !== null || killed.signalCode !== null) return;
    const ended = new Promise((resolve) => killed.once('exit', resolve));
    killed.stdin?.end();
    await ended;
  };
  const address = options.address ?? `127.0.0.1:${port}`;
  const started: NativeBroker = {
    address,
    proxiedPort: listener?.port ?? null,
    kill,
    start: async () => {
      const child = spawnBroker([...classpath, 'kafka.Kafka', properties], log);
      broker = child;
      try {
        await untilBrokerAnswers(address, () => child.exitCode !== null);
      } catch (cause) {
        const said = readFileSync(log, 'utf8').split('\n').slice(-30).join('\n');
        throw new Error(`the broker did not start:\n${said}`, { cause });
      }
    },
    stop: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  await started.start().catch(async (error: unknown) => {
    await started.stop();
    throw error;
  });
  return started;
}

function writeProperties(file: string, settings: Readonly<Record<string, string | number | boolean>>): void {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(file, lines.join(''));
}

function format(classpath: readonly string[], properties: string, scram: NativeBrokerOptions['scram']): void {
  const tool = ['-XX:TieredStopAtLevel=1', ...classpath, 'kafka.tools.StorageTool'];
  const login = scram === undefined ? '' : `=[name=${scram.user},password=${scram.password}]`;
  const logins = login === '' ? [] : ['-S', `SCRAM-SHA-256${login}`, '-S', `SCRAM-SHA-512${login}`];
  const formatting = [...tool, 'format', '-t', clusterId(), '-c', properties, ...logins];
  const formatted = spawnSync('java', formatting, { encoding: 'utf8' });
  if (formatted.status !== 0)
    throw new Error(`the storage could not be formatted: ${formatted.stdout}${formatted.stderr}`);
}

/**
 * Starts a broker under a shell that kills it when the shell's standard input closes, on `kill` or
 * when this process dies.
 */
function spawnBroker(args: readonly string[], log: string): ChildProcess {
  const script =
    'java -Xms128m -Xmx512m -XX:TieredStopAtLevel=1 "$@" & broker=$!; cat > /dev/null; kill -9 $broker; wait';
  const output = openSync(log, 'a');
  try {
    return spawn('sh', ['-c', script, 'kafka', ...args], { stdio: ['pipe', output, output] });
  } finally {
    closeSync(output);
  }
}

function serverProperties(
  data: string,
  port: number,
  controllerPort: number,
  proxied: { readonly port: number; readonly advertised: number } | null,
): Record<string, string> {
  const more = (at: number | undefined): string => (at === undefined ? '' : `,PROXIED://127.0.0.1:${at}`);
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}${more(proxied?.port)}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}${more(proxied?.advertised)}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': data,
    'num.partitions': '1',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'group.initial.rebalance.delay.ms': '0',
    'auto.create.topics.enable': 'false',
  };
}

/**
 * A cluster id: 16 bytes in URL-safe base64. One that begins with a hyphen would be read as an
 * option.
 */
function clusterId(): string {
  const id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
  return id.startsWith('-') ? clusterId() : id;
}

/** Three ports that were free at the same time a moment ago. */
async function freePorts(): Promise<[number, number, number]> {
  const servers = [createServer(), createServer(), createServer()];
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            resolve(typeof address === 'object' && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return [at(ports, 0), at(ports, 1), at(ports, 2)];
}
