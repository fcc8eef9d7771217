import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startEmbeddedPostgres } from '@flowline/embedded-postgres';

import { serve, type TestDatabase } from '../../../test/support/postgres.ts';
import { describeMachine } from '../support/machine.ts';
import { parseBenchOptions } from '../support/options.ts';
import type { BenchProgram } from '../support/program.ts';
import { printJson, printTable } from '../support/report.ts';
import { quantile } from '../support/statistics.ts';
import { fillTables, type Sizes } from './fill.ts';
import { type Question, questionsOf } from './questions.ts';

/** Answers to one question, in milliseconds. */
interface Row {
  readonly name: string;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly goalMs: number;
}

const SIZES = {
  full: { events: 10_000_000, anomalies: 50_000 },
  quick: { events: 1_000_000, anomalies: 50_000 },
} as const;
const TURNS = 100;
/** Questions asked before the measurement, which fill the caches of a connection. */
const WARM_UP = 3;

/** Queries benchmark: what people ask of anomalies and of scored events, over full tables. */
export const program: BenchProgram = {
  async run(args) {
    const options = parseBenchOptions('queries', args, { rows: { value: 'N', meaning: 'scored events' } });
    const { events, anomalies } = options.quick ? SIZES.quick : SIZES.full;
    const sizes = { events: options.count('rows', events), anomalies, endMs: Date.now() };
    console.log(`queries: ${sizes.events} scored events, ${anomalies} anomalies; ${describeMachine()}`);
    const folder = await mkdtemp(path.join(tmpdir(), 'flowline-bench-'));
    await chmod(folder, 0o755);
    const server = await startEmbeddedPostgres(folder);
    const postgres = await serve(server.url, () => server.stop());
    try {
      const rows = await measure(await postgres.createDatabase(), sizes);
      print(rows);
      if (options.json) printJson({ bench: 'queries', rows });
    } finally {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function measure(database: TestDatabase, sizes: Sizes): Promise<Row[]> {
  await fillTables(database, sizes);
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

function print(rows: readonly Row[]): void {
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
