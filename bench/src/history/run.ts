import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startPostgres } from '../../../test/support/postgres.ts';
import { describeMachine } from '../support/machine.ts';
import { parseBenchOptions } from '../support/options.ts';
import type { BenchProgram } from '../support/program.ts';
import { printJson, printTable } from '../support/report.ts';
import type { ChildResult } from './child.ts';
import { fillHistory, type HistoryShape } from './history-table.ts';

/** Goals of 5 million rows of 20 columns, and of a hold of the event loop at any size. */
const GOAL = { rows: 5_000_000, columns: 20, seconds: 45, peakMb: 1200, holdMs: 100 };

interface Row extends HistoryShape, ChildResult {}

/**
 * Trainer benchmark: time, memory and holds of the event loop of reading, encoding and calibrating
 * a history of random rows from a real Postgres.
 */
export const program: BenchProgram = {
  async run(args) {
    const options = parseBenchOptions('history', args, {
      rows: { value: 'N', meaning: 'rows of the history' },
      columns: { value: 'N', meaning: 'columns besides the time' },
    });
    const rows = options.count('rows', options.quick ? 200_000 : GOAL.rows);
    const columns = options.count('columns', GOAL.columns);
    console.log(describeMachine());
    const row: Row = { rows, columns, ...(await measure({ rows, columns })) };
    print(row);
    if (options.json) printJson({ bench: 'history', rows: [row] });
  },
};

const childMain = fileURLToPath(new URL('child.ts', import.meta.url));

async function measure(shape: HistoryShape): Promise<ChildResult> {
  const postgres = await startPostgres();
  try {
    const database = await postgres.createDatabase();
    await fillHistory(database, shape);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=flowline:source', '--import', 'tsx', childMain, JSON.stringify(shape)],
      { env: { ...process.env, FLOWLINE_DATABASE_URL: database.url } },
    );
    return JSON.parse(stdout) as ChildResult;
  } finally {
    await postgres.stop();
  }
}

function print(row: Row): void {
  const seconds = (value: number): string => value.toFixed(1);
  printTable<Row>(
    [
      { title: 'rows', align: 'right', text: ({ rows }) => rows.toLocaleString('en') },
      { title: 'columns', align: 'right', text: ({ columns }) => String(columns) },
      { title: 'read s', align: 'right', text: ({ readSeconds }) => seconds(readSeconds) },
      { title: 'encode s', align: 'right', text: ({ encodeSeconds }) => seconds(encodeSeconds) },
      { title: 'calibrate s', align: 'right', text: ({ calibrateSeconds }) => seconds(calibrateSeconds) },
      { title: 'all s', align: 'right', text: (each) => seconds(each.seconds) },
      { title: 'cpu s', align: 'right', text: ({ cpuSeconds }) => seconds(cpuSeconds) },
      { title: 'peak MB', align: 'right', text: ({ peakMb }) => peakMb.toFixed(0) },
      { title: 'longest hold ms', align: 'right', text: ({ longestHoldMs }) => String(longestHoldMs) },
    ],
    [row],
  );
  console.log(
    Object.entries(row.holdsMs)
      .map(([phase, hold]) => `longest hold while ${phase}: ${hold} ms`)
      .join('\n'),
  );
  verdict('ms of the longest hold', row.longestHoldMs, GOAL.holdMs);
  if (row.rows !== GOAL.rows || row.columns !== GOAL.columns) return;
  verdict('seconds', row.seconds, GOAL.seconds);
  verdict('MB at most', row.peakMb, GOAL.peakMb);
}

function verdict(claim: string, measured: number, goal: number): void {
  console.log(`${measured <= goal ? 'reached    ' : 'not reached'}  ${measured.toFixed(1)} ${claim} (at most ${goal})`);
}
