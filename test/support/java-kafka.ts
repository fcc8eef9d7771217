import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { describe } from '@jest/globals';

import { type KafkaVersion, withKafka } from './kafka.ts';
import { kafkaJars } from './kafka/jars.ts';

const TOOL = fileURLToPath(new URL('java/KafkaTool.java', import.meta.url));
/** A client of any version works with every broker of the tests. */
const CLIENT_VERSION = '4.1.0';
const MISSING = "topics are read with Kafka's own client, which needs Java 17 and Maven wherever the brokers run";

/** One record of a topic, as read by Kafka's Java client. */
export interface TopicRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly bytes: Buffer | null;
  /** The bytes decoded as text. */
  readonly value: string | null;
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[];
}

/** A record to send. */
export interface JavaMessage {
  readonly topic: string;
  readonly partition?: number;
  readonly key?: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers?: readonly (readonly [name: string, value: string | Buffer | null])[];
}

export type Codec = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/**
 * A step of {@link writeWithJava}. A named producer is transactional, and compresses with the codec
 * of its first `begin`.
 */
export type JavaStep =
  | { readonly send: JavaMessage; readonly producer?: string; readonly codec?: Codec }
  | { readonly begin: string; readonly codec?: Codec }
  | { readonly flush: string }
  | { readonly commit: string }
  | { readonly abort: string };

/** Reason why Kafka's Java client is unavailable here; null if it is available. */
export function javaClientUnavailable(): string | null {
  const jars = kafkaJars(CLIENT_VERSION);
  return 'reason' in jars ? `${MISSING}: ${jars.reason}` : null;
}

/**
 * {@link withKafka} for tests that read topics with Kafka's Java client. Without the client they
 * are skipped with the reason; in CI they run and fail.
 */
export function withJavaClient(block: typeof describe, version?: KafkaVersion): typeof describe | typeof describe.skip {
  const reason = javaClientUnavailable();
  if (reason === null || process.env.CI === 'true') return withKafka(block, version);
  console.warn(`tests are skipped: ${reason}`);
  return block.skip;
}

/**
 * Reads every record of a topic to its end with Kafka's Java client, which shares no code with the
 * client under test.
 * @param isolation `read_committed` reads up to the first open transaction, and only committed
 *   records.
 */
export async function readWithJava(
  brokers: readonly string[],
  topic: string,
  isolation: 'read_committed' | 'read_uncommitted' = 'read_committed',
): Promise<TopicRecord[]> {
  const output = await runTool(['read', brokers.join(','), topic, isolation], '');
  return output.split('\n').flatMap((line) => (line === '' ? [] : [recordOf(line)]));
}

/** Sends with Kafka's Java client. Resolves when everything is acknowledged. */
export async function writeWithJava(brokers: readonly string[], steps: readonly JavaStep[]): Promise<void> {
  await runTool(['write', brokers.join(',')], steps.map((step) => `${lineOf(step)}\n`).join(''));
}

function lineOf(step: JavaStep): string {
  if ('begin' in step) return `begin ${step.begin} ${step.codec ?? 'none'}`;
  if (!('send' in step)) return Object.entries(step).flat().join(' ');
  const { topic, partition = 0, key = null, value, headers = [] } = step.send;
  const words = [key, value, ...headers.flat()].map(wordOf);
  return ['send', step.producer ?? '-', step.codec ?? 'none', topic, partition, ...words].join(' ');
}

function recordOf(line: string): TopicRecord {
  const [partition, offset, timestampMs, ...words] = line.split(' ');
  const [key = null, bytes = null, ...rest] = words.map(bytesOf);
  const headers = Array.from({ length: rest.length / 2 }, (_, i) => {
    return [rest[2 * i]?.toString() ?? '', rest[2 * i + 1] ?? null] as const;
  });
  const value = bytes?.toString() ?? null;
  return {
    partition: Number(partition),
    offset: Number(offset),
    timestampMs: Number(timestampMs),
    ...{ key, bytes, value, headers },
  };
}

const wordOf = (value: string | Buffer | null): string =>
  value === null ? '-' : `=${Buffer.from(value as string).toString('base64')}`;
const bytesOf = (word: string): Buffer | null => (word === '-' ? null : Buffer.from(word.slice(1), 'base64'));

/** Runs the Java tool from its source. @throws Error with the end of its standard error. */
async function runTool(args: readonly string[], input: string): Promise<string> {
  const jars = kafkaJars(CLIENT_VERSION);
  if ('reason' in jars) throw new Error(`${MISSING}: ${jars.reason}`);
  const java = spawn('java', ['-XX:TieredStopAtLevel=1', '-Xmx1500m', '-cp', `${jars.folder}/*`, TOOL, ...args]);
  const output: Buffer[] = [];
  let said = '';
  java.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  java.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  java.stdin.on('error', () => undefined); // the tool ended before reading all input; its exit code tells
  java.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => java.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`the Kafka client for Java ended with ${code}: ${said.slice(-3_000)}`);
  return Buffer.concat(output).toString();
}
