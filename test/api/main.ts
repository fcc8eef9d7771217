// Fuzzes the API with schemathesis against its own description. No response may be a server error,
// or of a status, type or form that the description does not have.
//   npm run test:api [-- --examples N] [--seed N]
import { parseArgs } from 'node:util';

import { applyResource, commitBatch } from '@flowline/db';
import { alertRulesOf } from '@flowline/operations';

import { startTestApi } from '../support/api.ts';
import { scoredBatch } from '../support/postgres-batch.ts';
import { startPostgres, type TestDatabase } from '../support/postgres.ts';
import { applyTestDetector, testDefinition } from '../support/scorer-model.ts';
import { fuzz, installSchemathesis } from './schemathesis.ts';

const TIMEOUT_MS = 170_000;

/** One of each kind of resource. */
const resources = {
  Rule: { when: 'true', then: { suppress: true } },
  Calendar: { timezone: 'UTC', events: [{ start: '2026-01-01', duration: '1d' }] },
  Sink: { webhook: { url: 'http://127.0.0.1:1', allow: [], timeout: '1s' }, retryFor: '1d' },
};

const { values } = parseArgs({
  options: { examples: { type: 'string', default: '30' }, seed: { type: 'string', default: '1' } },
});

const found = installSchemathesis();
if ('missing' in found) {
  const isRequired = process.env.CI === 'true';
  process.stderr.write(`${isRequired ? 'failed' : 'skipped'}: schemathesis cannot be installed (${found.missing})\n`);
  process.exitCode = isRequired ? 1 : 0;
} else {
  process.exitCode = await run(found.program);
}

async function run(program: string): Promise<number> {
  const postgres = await startPostgres();
  try {
    const database = await postgres.createDatabase();
    await fill(database);
    const api = await startTestApi(database.db);
    try {
      const token = await api.token();
      const { examples, seed } = values;
      const before = await count(database);
      const code = await fuzz(program, {
        ...{ url: api.url, token, timeoutMs: TIMEOUT_MS },
        ...{ examples: Number(examples), seed: Number(seed) },
      });
      const { status } = await api.call('GET /v1/detectors', { token });
      const audited = (await count(database)) - before;
      process.stdout.write(
        `after it, the API answers with ${String(status)}; ${String(audited)} requests are in the audit log\n`,
      );
      return status === 200 ? code : 1;
    } finally {
      await api.close();
    }
  } finally {
    await postgres.stop();
  }
}

async function count({ query }: TestDatabase): Promise<number> {
  return Number((await query('SELECT count(*)::integer AS n FROM flowline.audit_log'))[0]?.n);
}

/** Stores some of everything, under names and ids that the requests may hit. */
async function fill({ db, query }: TestDatabase): Promise<void> {
  const definition = testDefinition('"0"', 'orders');
  await applyTestDetector(db, definition);
  await applyTestDetector(db, definition, 2);
  await commitBatch(db, scoredBatch({ detector: '0', size: 60, anomalies: [1, 5, 9, 40], deadLetters: [60, 61] }), {
    ...{ alertTopic: 'alerts', alertRules: alertRulesOf(definition.alerts), oncePerEvent: false },
  });
  await query('UPDATE flowline.alert_outbox SET dead_at = now() WHERE outbox_id = 1');
  for (const [kind, spec] of Object.entries(resources)) await applyResource(db, { kind, name: '0', spec });
  await query(
    `INSERT INTO flowline.training_runs (detector, detector_version) SELECT '0', 1 FROM generate_series(1, 3)`,
  );
  // The requests would revoke their own token, and find nothing but 401 from there on.
  await query(`CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN NEW.revoked_at := NULL; RETURN NEW; END $$`);
  await query(`CREATE TRIGGER keep BEFORE UPDATE ON flowline.api_tokens FOR EACH ROW EXECUTE FUNCTION keep()`);
}
