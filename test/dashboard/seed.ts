import { createTicket, createToken, type Database, type NewToken } from '@flowline/db';

import { type TestDatabase } from '../support/postgres.ts';
import { applyTestDetector, oddEvent, testDefinition, testEvents } from '../support/scorer-model.ts';
import { startScorer } from '../support/scorer-process.ts';

/** Names that a page must show as they are: markup, and 250 characters without a break. */
export const HOSTILE = `<img src=x onerror="globalThis.broken=1"><script>globalThis.broken=1</script>`;
export const LONG = 'W'.repeat(250);

/** Detectors of the pages under test: one with scores and anomalies, one without anything. */
export const DETECTOR = 'checkout';
export const EMPTY = `a${'b'.repeat(62)}`;

const EVENTS = 3_000;

/** Fills a database as a scorer would: events, anomalies, alerts, dead letters. */
export async function seed({ db, url }: TestDatabase): Promise<void> {
  await applyTestDetector(db, testDefinition(DETECTOR, 'orders'));
  await applyTestDetector(db, testDefinition(EMPTY, 'none'));
  const odd = [HOSTILE, LONG, 'plain'].map((id, i) => ({ ...oddEvent(id), ts: Date.UTC(2026, 0, 1) + i * 60_000 }));
  const lines = [...testEvents(EVENTS, 3), ...odd].map((event) => JSON.stringify(event));
  const scorer = startScorer(
    ['--detector', DETECTOR, '--source', 'ndjson:-', '--alerts', 'none', '--json'],
    { FLOWLINE_DATABASE_URL: url },
    `${[...lines, `no json ${HOSTILE}`].join('\n')}\n`,
  );
  if ((await scorer.ended) !== 0) throw new Error(`the scorer ended: ${scorer.stderr()}`);
}

/** Part of an address that signs a browser in, once. */
export async function ticketFor(db: Database, rights: Partial<NewToken>): Promise<string> {
  const { token } = await createToken(db, {
    ...{ name: 'pages', scope: 'operate', detectors: null, expiresAt: null },
    ...rights,
  });
  return `#ticket=${await createTicket(db, token.tokenId)}`;
}
