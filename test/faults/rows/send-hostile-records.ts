import { isUtf8 } from 'node:buffer';
import { isDeepStrictEqual } from 'node:util';

import { readTopic } from '../../support/checker.ts';
import { type TopicRecord, writeWithJava } from '../../support/java-kafka.ts';
import { type TestEvent, testEvents } from '../../support/scorer-model.ts';
import { startCli } from '../../support/scorer-process.ts';
import { type HostileRecord, hostileRecords } from '../hostile-records.ts';
import type { Scenario } from '../scenario.ts';
import { deliveryOf, type Stream } from '../stream.ts';

const PARTITIONS = 2;
const EVERY = 20;
/** Header with the original position of a redriven record. */
const ORIGIN = 'flowline.redriven';

export const sendHostileRecords: Scenario = {
  id: 'R20',
  name: 'send-hostile-records',
  title: 'headers, keys, levels and ids that names, sizes and bytes could break, beside good records',
  run: async (stage) => {
    const kinds = Object.values(hostileRecords);
    const events = EVERY * kinds.length * (stage.quick ? 2 : 12);
    const stream = await stage.open('hostile', { partitions: PARTITIONS });
    const { brokers, topic, alertTopic, detector, addresses } = stream.parts;
    const records = testEvents(events, 201).map((event, i): HostileRecord => {
      const make = i % EVERY === EVERY / 2 ? kinds[Math.floor(i / EVERY) % kinds.length] : undefined;
      return make?.(event) ?? good(event);
    });
    await writeWithJava(
      brokers,
      records.map((record, i) => ({ send: { ...record, topic, partition: i % PARTITIONS } })),
    );

    const victim = stream.start();
    await stream.untilStored(events / 3);
    victim.child.kill('SIGKILL');
    await victim.ended;
    const scorer = stream.start();
    await stream.untilCaughtUp();
    await stream.untilAlertsSent();
    const codes = [await stream.stop(scorer)];
    const fates = await fatesOf(stream);
    const check = await stream.check();
    const digest = await digestOf(stream, events / PARTITIONS);

    const again = stream.start();
    await stream.produce(testEvents(100, 202).map((event) => ({ value: JSON.stringify(event) })));
    await stream.untilCaughtUp();
    await stream.untilAlertsSent();
    const isUnchanged = (await digestOf(stream, events / PARTITIONS)) === digest;
    codes.push(await startCli(['dlq', 'redrive', detector], addresses).ended);
    await stream.untilCaughtUp();
    codes.push(await stream.stop(again));
    const sentAgain = (await readTopic(brokers, topic)).flatMap((record) => {
      const [from] = record.headers.flatMap(([name, value]) => (name === ORIGIN ? [String(value)] : []));
      if (from === undefined) return [];
      const [offset = 0, partition = 0] = from.split('-').reverse().map(Number);
      return [{ record, original: records[offset * PARTITIONS + partition] }];
    });
    const anomalies = await stream.query('SELECT alert_id::text AS id, event_id AS event FROM flowline.anomalies');
    const due = records.filter(({ alerts }) => alerts === true).map(({ id }) => id ?? '');
    const found = new Set(anomalies.map(({ event }) => String(event)));
    const arrived = (await readTopic(brokers, alertTopic)).map(({ value }) => alertIdOf(value));

    const ends = records.map((record, i) => ({
      record,
      fate: fates.get(`${i % PARTITIONS}:${Math.floor(i / PARTITIONS)}`),
    }));
    const wrong = ends.filter(({ record, fate }) => fate === undefined || !isAsItMust(record, fate));
    for (const { record, fate } of wrong.slice(0, 5)) {
      stage.say(
        `${fate?.reason ?? 'nothing'}, not ${record.fate ?? 'anything else'}: ${String(record.value).slice(0, 100)}`,
      );
    }
    return {
      ...deliveryOf(check),
      recoverySeconds: null,
      claims: {
        'every record is on the topic': check.records === events,
        'good records are scored, each bad one is one dead letter with its reason and its bytes': wrong.length === 0,
        'no scorer ended by itself': codes.every((code) => code === 0),
        'another start changes nothing of it': isUnchanged,
        'dead letters are sent again as they came, but those that were not kept whole':
          sentAgain.length === records.filter(isSentAgain).length &&
          sentAgain.every(({ record, original }) => original !== undefined && isTheSame(record, original)),
        'hostile texts of anomalies are in alerts': due.every((id) => found.has(id)),
        'every anomaly has its alert, once':
          arrived.length === anomalies.length && anomalies.every(({ id }) => arrived.includes(String(id))),
      },
      counts: { scored: check.scored, deadLetters: check.deadLetters, alerts: arrived.length },
    };
  },
};

type Header = NonNullable<HostileRecord['headers']>[number];

/** Outcome of a record. */
interface Fate {
  readonly reason: string;
  readonly id: string | null;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, unknown>> | null;
}

const good = (event: TestEvent): HostileRecord => ({
  ...{ fate: 'scored', id: event.id, key: event.id, value: JSON.stringify(event) },
});

/** Outcome of each record, by its position `partition:offset`. */
async function fatesOf(stream: Stream): Promise<ReadonlyMap<string, Fate>> {
  const rows = await stream.query(
    `SELECT partition || ':' || "offset" AS at, 'scored' AS reason, event_id AS id, NULL AS key, NULL AS value, NULL AS headers
     FROM flowline.scored_events
     UNION ALL SELECT partition || ':' || "offset", reason, NULL, key, value, headers FROM flowline.dead_letters`,
  );
  return new Map(rows.map((row) => [String(row.at), row as unknown as Fate]));
}

/**
 * True if a record has its expected outcome: scored under its id, or a dead letter with its reason
 * and its original bytes (the value of a record that is too large is not kept).
 */
function isAsItMust(record: HostileRecord, { reason, id, key, value, headers }: Fate): boolean {
  if (record.fate !== null && record.fate !== reason) return false;
  if (reason === 'scored') return id === record.id;
  return (
    bytesOf(record.key ?? null).equals(key ?? NONE) &&
    (reason === 'too_large' || bytesOf(record.value).equals(value ?? NONE)) &&
    isDeepStrictEqual(new Map(Object.entries(headers ?? {})), storedHeaders(record))
  );
}

const NONE = Buffer.from('none');
const bytesOf = (bytes: string | Buffer | null): Buffer => (bytes === null ? NONE : Buffer.from(bytes as string));

const isSentAgain = ({ fate }: HostileRecord): boolean => fate !== null && fate !== 'scored' && fate !== 'too_large';

/**
 * True if a record on the topic is an unchanged copy of the original, apart from the header of its
 * origin.
 */
function isTheSame(record: TopicRecord, original: HostileRecord): boolean {
  const headers = record.headers.filter(([name]) => name !== ORIGIN);
  return (
    bytesOf(record.key).equals(bytesOf(original.key ?? null)) &&
    bytesOf(record.bytes).equals(bytesOf(original.value)) &&
    isDeepStrictEqual(storedHeaders({ headers }), storedHeaders({ headers: original.headers?.map(withoutNull) ?? [] }))
  );
}

/** A header with a null value is redriven with an empty one. */
const withoutNull = ([name, value]: Header): Header => [name, value ?? ''];

/**
 * Headers in the documented format of `dead_letters`: text, or bytes in base64; a list for a
 * repeated name.
 */
function storedHeaders({ headers = [] }: Pick<HostileRecord, 'headers'>): ReadonlyMap<string, unknown> {
  const stored = new Map<string, unknown>();
  for (const [name, value] of headers) {
    const isText = typeof value === 'string' || (value !== null && isUtf8(value));
    const one = value === null ? null : isText ? String(value) : { base64: value.toString('base64') };
    stored.set(name, stored.has(name) ? [stored.get(name), one].flat() : one);
  }
  return stored;
}

/** Hash of everything stored for the first `perPartition` records of each partition. */
async function digestOf(stream: Stream, perPartition: number): Promise<string> {
  const rows = await stream.query(
    `SELECT md5(string_agg(row, '' ORDER BY row)) AS digest FROM (
       SELECT md5(t::text) FROM flowline.scored_events AS t WHERE "offset" < $1
       UNION ALL SELECT md5(t::text) FROM flowline.anomalies AS t WHERE "offset" < $1
       UNION ALL SELECT md5(t::text) FROM flowline.dead_letters AS t WHERE "offset" < $1
     ) AS everything (row)`,
    [perPartition],
  );
  return String(rows[0]?.digest);
}

const alertIdOf = (value: string | null): string => (JSON.parse(value ?? '') as { alertId: string }).alertId;
