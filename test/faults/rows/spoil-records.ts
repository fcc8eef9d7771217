import type { Message } from 'kafkajs';

import { applyTestDetector, testDefinition, testEvents } from '../../support/scorer-model.ts';
import { startCli } from '../../support/scorer-process.ts';
import type { Scenario } from '../scenario.ts';
import { deliveryOf, type Stream } from '../stream.ts';

const MAX_BYTES = 20_000;
/** Seed of the model for the changed detector. */
const MENDED_SEED = 62;
/** Dead letters that the changed detector can score. */
const MENDED = { reason: 'missing_field', field: 'latency' } as const;
/** Reasons whose dead letters lack the bytes to redrive. */
const NOT_REDRIVEN: readonly string[] = ['tombstone', 'too_large'];
type TestEvent = ReturnType<typeof testEvents>[number];

/** Malformed variants of an event, by the expected reason of their dead letter. */
const spoilt: Readonly<Record<string, (event: TestEvent) => Message['value']>> = {
  tombstone: () => null,
  not_json: (event) => JSON.stringify(event).slice(0, 30),
  not_an_object: () => '[1, 2]',
  too_large: (event) => JSON.stringify({ ...event, filler: 'x'.repeat(MAX_BYTES) }),
  missing_field: (event) => JSON.stringify({ ...event, latency: undefined }),
  wrong_type: (event) => JSON.stringify({ ...event, latency: '12' }),
  not_finite: (event) => JSON.stringify(event).replace(/"amount":[^,]+/, '"amount":1e999'),
  bad_time: (event) => JSON.stringify({ ...event, ts: 'yesterday' }),
};

const text = (bytes: Buffer | string): string => (typeof bytes === 'string' ? bytes : bytes.toString());

export const spoilRecords: Scenario = {
  id: 'R6',
  name: 'spoil-records',
  title: 'one record in a hundred is malformed, oversized, not finite or of a wrong schema',
  run: async (stage) => {
    const events = stage.quick ? 8_000 : 100_000;
    const stream = await stage.open('poison');
    const kinds = Object.keys(spoilt);
    const wanted = new Map<string, string>();
    const messages = testEvents(events, 61).map((event, i): Message => {
      const kind = i % 100 === 50 ? kinds[Math.floor(i / 100) % kinds.length] : undefined;
      if (kind === undefined) return { key: event.id, value: JSON.stringify(event) };
      wanted.set(event.id, kind);
      return { key: event.id, value: spoilt[kind]?.(event) ?? null };
    });
    const start = () => stream.start(['--batch-size', '500'], { FLOWLINE_EVENT_MAX_BYTES: String(MAX_BYTES) });
    const scorer = start();
    await stream.produce(messages);
    await stream.untilCaughtUp();
    const code = await stream.stop(scorer);

    const letters = await stream.query(
      `SELECT convert_from(key, 'UTF8') AS key, reason, encode(value, 'base64') AS value FROM flowline.dead_letters`,
    );
    const sent = new Map(messages.map(({ key, value }) => [key, value] as const));
    const before = await stream.check();

    // The detector now accepts events without latency. Dead letters for that reason are redriven
    // first, then all others that can be.
    await allowMissing(stream, MENDED.field);
    const heir = start();
    const count = (reasons: readonly string[]): number =>
      [...wanted.values()].filter((reason) => reasons.includes(reason)).length;
    const mended = count([MENDED.reason]);
    const rest = count(kinds.filter((kind) => kind !== MENDED.reason && !NOT_REDRIVEN.includes(kind)));
    const only = ['--reason', MENDED.reason];
    const redriven = [await redrive(stream, only), await redrive(stream, only), await redrive(stream, [])];
    await stream.untilCaughtUp();
    const heirCode = await stream.stop(heir);
    const check = await stream.check();
    const isRescored = new Set(
      (await stream.query('SELECT event_id FROM flowline.scored_events')).map(({ event_id: id }) => String(id)),
    );
    return {
      ...deliveryOf(check),
      recoverySeconds: null,
      claims: {
        'exactly the spoilt ones are dead letters':
          letters.length === wanted.size && before.scored === events - wanted.size && before.lost.length === 0,
        'each with its reason': letters.every(({ key, reason }) => wanted.get(String(key)) === reason),
        'and with the bytes as they came': letters.every(({ key, value }) => {
          const original = sent.get(String(key)) ?? null;
          const kept = typeof value === 'string' ? Buffer.from(value, 'base64').toString() : null;
          return kept === (original === null ? null : text(original));
        }),
        'each that is whole is sent again once': String(redriven) === String([mended, 0, rest]),
        'those whose reason was mended are scored, exactly they': [...wanted].every(
          ([id, reason]) => isRescored.has(id) === (reason === MENDED.reason),
        ),
        'the others are dead letters again':
          check.scored === before.scored + mended && check.deadLetters === before.deadLetters + rest,
        'the scorers went on to their end': code === 0 && heirCode === 0,
      },
      counts: { scored: check.scored, deadLetters: letters.length, redriven: mended + rest, mended },
    };
  },
};

/**
 * Applies a version of the stream's detector in which the field is nullable, with a model for it.
 */
async function allowMissing({ parts }: Stream, field: string): Promise<void> {
  const { database, detector, topic, alertTopic } = parts;
  const definition = testDefinition(detector, topic, alertTopic);
  const features = definition.features.map((feature) =>
    feature.name === field ? { ...feature, nullable: true } : feature,
  );
  await applyTestDetector(database.db, { ...definition, features }, MENDED_SEED);
}

/**
 * Runs `flowline dlq redrive`. Returns the number of records sent. @throws Error with its output.
 */
async function redrive({ parts }: Stream, args: readonly string[]): Promise<number> {
  const cli = startCli(['dlq', 'redrive', parts.detector, '--json', ...args], parts.addresses);
  if ((await cli.ended) !== 0) throw new Error(`flowline dlq redrive: ${cli.stdout()}${cli.stderr()}`);
  return (JSON.parse(cli.stdout()) as { redriven: number }).redriven;
}
