import type { Message } from 'kafkajs';

import { testEvents } from '../support/scorer-model.ts';
import type { Scenario } from './scenario.ts';
import { deliveryOf } from './stream.ts';

const MAX_BYTES = 20_000;
type TestEvent = ReturnType<typeof testEvents>[number];

/** Ways to spoil an event, by the reason that it must get. */
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

export const r6: Scenario = {
  id: 'R6',
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
    const scorer = stream.start(['--batch-size', '500'], { FLOWLINE_EVENT_MAX_BYTES: String(MAX_BYTES) });
    await stream.produce(messages);
    await stream.untilCaughtUp();
    const code = await stream.stop(scorer);

    const letters = await stream.query(
      `SELECT convert_from(key, 'UTF8') AS key, reason, encode(value, 'base64') AS value FROM flowline.dead_letters`,
    );
    const sent = new Map(messages.map(({ key, value }) => [key, value] as const));
    const check = await stream.check();
    return {
      ...deliveryOf(check),
      recoverySeconds: null,
      claims: {
        'exactly the spoilt ones are dead letters':
          letters.length === wanted.size && check.scored === events - wanted.size,
        'each with its reason': letters.every(({ key, reason }) => wanted.get(String(key)) === reason),
        'and with the bytes as they came': letters.every(({ key, value }) => {
          const original = sent.get(String(key)) ?? null;
          const kept = typeof value === 'string' ? Buffer.from(value, 'base64').toString() : null;
          return kept === (original === null ? null : text(original));
        }),
        'the scorer went on to its end': code === 0,
      },
      counts: { scored: check.scored, deadLetters: letters.length },
    };
  },
};
