import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startEmbeddedPostgres } from '@flowline/embedded-postgres';
import { FlowlineError } from '@flowline/events';

import { serve, type TestDatabase } from '../../../test/support/postgres.ts';
import { describeMachine } from '../support/machine.ts';
import { type BenchOptions, parseBenchOptions } from '../support/options.ts';
import type { BenchProgram } from '../support/program.ts';
import { printJson, printTable } from '../support/report.ts';
import { quantile } from '../support/statistics.ts';
import { fillDatabase } from './fill.ts';
import { type Question, questionsOf } from './questions.ts';
import { measureRetention, type RetentionResult } from './retention.ts';
import type { Sizes } from './sizes.ts';

/** Answers to one question, in milliseconds. */
interface Row {
  readonly name: string;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly goalMs: number;
}

const EVENTS = { full: 10_000_000, quick: 1_000_000 } as const;
const ANOMALIES = 50_000;
/** The default of retention.scored. */
const DAYS = 30;
const TURNS = 100;
/** Questions asked before the measurement, which fill the caches of a connection. */
const WARM_UP = 3;

/**
 * Queries benchmark: what people ask of anomalies and of scored events, over full tables; then a
 * run of retention over them while events are stored.
 */
export const program: BenchProgram = {
  async run(args) {
    const options = parseBenchOptions('queries', args, {
      rows: { value: 'N', meaning: 'scored events' },
      days: { value: 'N', meaning: `days over which they are spread, by default ${DAYS}` },
      'old-days': { value: 'N', meaning: 'number of those days in the layout before ADR 16' },
    });
    const sizes = sizesOf(options);
    const { events, anomalies, days, oldDays } = sizes;
    console.log(
      `queries: ${events} scored events over ${days} days, ${oldDays} of them old, ${anomalies} anomalies; ${describeMachine()}`,
    );
    const folder = await mkdtemp(path.join(tmpdir(), 'flowline-bench-'));
    await chmod(folder, 0o755);
    const server = await startEmbeddedPostgres(folder);
    const postgres = await serve(server.url, () => server.stop());
    try {
      const database = await postgres.createDatabase({ migrated: false });
      await fillDatabase(database, sizes);
      const rows = await askAll(database, sizes);
      printQuestions(rows);
      const retention = await measureRetention(database, sizes);
      printRetention(retention);
      if (options.json) printJson({ bench: 'queries', rows: [...rows, { name: 'retention', ...retention }] });
    } finally {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

function sizesOf(options: BenchOptions<'rows' | 'days' | 'old-days'>): Sizes {
  const days = options.count('days', DAYS);
  const oldDays = options.count('old-days', 0);
  if (oldDays > days)
    throw new FlowlineError('FLOWLINE_USAGE', `--old-days: found ${oldDays}, expected at most --days, ${days}`, {
      where: 'bench queries',
      remedy: 'Old days are some of the days.',
    });
  const events = options.count('rows', options.quick ? EVENTS.quick : EVENTS.full);
  return { events, anomalies: ANOMALIES, days, oldDays, endMs: Date.now() };
}

async function askAll(database: TestDatabase, sizes: Sizes): Promise<Row[]> {
  const rows: Row[] = [];
  for (const question of questionsOf(sizes)) rows.push(await askOften(database, question));
  return rows;
}

/** Asks a question many times, each with other values, and checks that each has an answer. */
async function askOften(database: TestDatabase, { name, goalMs, ask }: Question): Promise<Row> {
  const times: number[] = [];
  for (let turn = -WARM_UP; turn < TURNS; turn++) {
    const started = performance.now();
    const found = await ask(database, turn + WARM_UP);
    if (turn >= 0) times.push(performance.now() - started);
    if (found === 0) throw new Error(`${name}: no rows`);
  }
  const milliseconds = (share: number): number => Math.round(quantile(times, share) * 100) / 100;
  return { name, p50Ms: milliseconds(0.5), p95Ms: milliseconds(0.95), goalMs };
}

function printQuestions(rows: readonly Row[]): void {
  printTable<Row>(
    [
      { title: 'query', text: ({ name }) => name },
      { title: 'p50 ms', align: 'right', text: ({ p50Ms }) => String(p50Ms) },
      { title: 'p95 ms', align: 'right', text: ({ p95Ms }) => String(p95Ms) },
      { title: 'goal ms', align: 'right', text: ({ goalMs }) => String(goalMs) },
    ],
    rows,
  );
}

function printRetention({
  seconds,
  days,
  rows,
  longestStatementMs,
  insertBefore,
  insertBeside,
}: RetentionResult): void {
  console.log(`retention: ${days} days and ${rows} rows in ${seconds} s, longest statement ${longestStatementMs} ms`);
  for (const [name, { p50Ms, maxMs }] of Object.entries({ before: insertBefore, beside: insertBeside }))
    console.log(`  1,000 events stored ${name} it: ${p50Ms} ms in the median, ${maxMs} ms at most`);
}
