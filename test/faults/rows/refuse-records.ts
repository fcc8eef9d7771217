import { at } from '@flowline/events';
import type { Message } from 'kafkajs';

import { oddEvent, testEvents } from '../../support/scorer-model.ts';
import type { Scenario } from '../scenario.ts';
import { deliveryOf } from '../stream.ts';

const EVERY = 100;

/** Makers of events that Postgres refuses, each by a different limit, with ids of their own. */
const refusedBy = {
  /** A text longer than a constraint allows. */
  size: (event: object, i: number) => ({ ...event, id: `${'y'.repeat(5_000)}${i}` }),
  /** The same for an anomaly: its event, anomaly and alert are refused together. */
  anomaly: (event: { readonly id: string }) => ({
    ...oddEvent(event.id),
    id: `${'z'.repeat(5_000)}${event.id}`,
  }),
  /** A text longer than an index allows. */
  index: (event: object, i: number) => ({ ...event, id: noise(i) }),
} as const;

export const refuseRecords: Scenario = {
  id: 'R19',
  name: 'refuse-records',
  title: 'records that Postgres refuses, while scorers are killed',
  run: async (stage) => {
    const events = stage.quick ? 4_000 : 40_000;
    const stream = await stage.open('refused');
    // Limits that an administrator might add without Flowline's knowledge: a constraint, and an
    // index on a column of any length.
    await stream.query(
      `ALTER TABLE flowline.event_scores ADD CONSTRAINT short CHECK (length(event_id) <= 4000 OR event_id !~ '^[yz]')`,
    );
    await stream.query('CREATE INDEX by_id ON flowline.event_scores (event_id)');
    const kinds = Object.values(refusedBy);
    const wanted = new Set<string>();
    const messages = testEvents(events, 191).map((event, i): Message => {
      if (i % EVERY !== EVERY / 2) return { key: event.id, value: JSON.stringify(event) };
      wanted.add(event.id);
      const spoil = at(kinds, Math.floor(i / EVERY) % kinds.length);
      return { key: event.id, value: JSON.stringify(spoil(event, i)) };
    });
    await stream.produce(messages);
    for (const share of [0.2, 0.5]) {
      const scorer = stream.start();
      await stream.untilStored(events * share);
      scorer.child.kill('SIGKILL');
      await scorer.ended;
    }
    const survivor = stream.start();
    await stream.untilCaughtUp();
    const code = await stream.stop(survivor);
    const letters = await stream.query(
      `SELECT convert_from(key, 'UTF8') AS key, reason, message, convert_from(value, 'UTF8') AS value FROM flowline.dead_letters`,
    );
    const sent = new Map(messages.map(({ key, value }) => [key, value] as const));
    const check = await stream.check();
    const [kept] = await stream.query(
      `SELECT count(*)::integer AS anomalies,
         (SELECT count(*)::integer FROM flowline.alert_outbox) AS alerts,
         (SELECT sum(events)::integer FROM flowline.event_counts) AS counted
       FROM flowline.anomalies`,
    );
    return {
      ...deliveryOf(check),
      recoverySeconds: null,
      claims: {
        'exactly the refused ones are dead letters':
          letters.length === wanted.size && letters.every(({ key }) => wanted.has(String(key))),
        'each says so, with SQLSTATE': letters.every(
          ({ reason, message }) => reason === 'refused' && /SQLSTATE (23514|54000)/.test(String(message)),
        ),
        'and has the bytes as they came': letters.every(({ key, value }) => sent.get(String(key)) === value),
        'the others are scored': check.scored === events - wanted.size,
        'and counted once': Number(kept?.counted) === events - wanted.size,
        'an anomaly that was refused has left no alert': Number(kept?.alerts) === Number(kept?.anomalies),
        'the scorer goes on to the end': code === 0,
      },
      counts: { refused: letters.length },
    };
  },
};

/** Text that does not compress below the maximum size of an index entry. */
function noise(seed: number): string {
  let state = seed + 1;
  return Array.from({ length: 9_000 }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return String.fromCodePoint(0x4e00 + (state % 20_000));
  }).join('');
}
