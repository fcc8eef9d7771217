// The fault suite: real brokers, databases, kills and pauses, and a checker that compares Kafka
// with Postgres independently.
//   npm run test:faults -- [--quick] [--json] [--only R1,kill-trainer] [--help]
import { parseArgs } from 'node:util';

import { rows } from './rows/index.ts';
import { type Outcome, passed, type Scenario } from './scenario.ts';
import { openStage, type Stage } from './stage.ts';

interface ReportedRow {
  readonly id: string;
  readonly events: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly recoverySeconds: number | null;
  readonly passed: boolean;
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(helpText());
  process.exit(0);
}
const wanted = values.only === undefined ? rows : selectRows(values.only.split(','));
// With --json, standard output carries only the result.
const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`);

const stage = await openStage({ quick: values.quick, say: (line) => say(`      ${line}`) });
const reports: ReportedRow[] = [];
try {
  for (const scenario of wanted) reports.push(await play(stage, scenario));
} finally {
  await stage.close();
}
const failed = reports.filter((row) => !row.passed);
say(failed.length === 0 ? `all ${reports.length} rows hold` : `failed: ${failed.map(({ id }) => id).join(', ')}`);
if (values.json) process.stdout.write(`${JSON.stringify({ rows: reports })}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;

async function play(on: Stage, scenario: Scenario): Promise<ReportedRow> {
  const { id, name, title } = scenario;
  say(`${id.padEnd(4)}  ${name}: ${title}`);
  const startedMs = performance.now();
  let outcome: Outcome;
  try {
    outcome = await scenario.run(on);
  } catch (error) {
    say(`      ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    outcome = {
      events: 0,
      lost: 0,
      duplicated: 0,
      recoverySeconds: null,
      claims: { 'the scenario came to its end': false },
    };
  }
  const { events, lost, duplicated, recoverySeconds, claims, counts = {} } = outcome;
  const figures = {
    events,
    lost,
    duplicated,
    ...(recoverySeconds === null ? {} : { recoverySeconds: recoverySeconds.toFixed(1) }),
    ...counts,
  };
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(0);
  say(
    `      ${passed(outcome) ? 'holds' : 'FAILS'} in ${seconds} s: ${Object.entries(figures)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
  );
  for (const [claim, holds] of Object.entries(claims)) if (!holds) say(`      not true: ${claim}`);
  return { id, events, lost, duplicated, recoverySeconds, passed: passed(outcome) };
}

/** Selects rows by id or name. Ends the process with 2 if there is no such row. */
function selectRows(keys: readonly string[]): readonly Scenario[] {
  const wantedKeys = keys.map((key) => key.trim().toLowerCase());
  const isKey = ({ id, name }: Scenario, key: string): boolean => key === id.toLowerCase() || key === name;
  const unknown = wantedKeys.filter((key) => !rows.some((row) => isKey(row, key)));
  if (unknown.length === 0) return rows.filter((row) => wantedKeys.some((key) => isKey(row, key)));
  process.stderr.write(`--only: there is no row ${unknown.join(', ')}. The rows are:\n${listOfRows()}`);
  return process.exit(2);
}

function helpText(): string {
  return `Usage: npm run test:faults -- [options]

Plays each fault against real brokers and databases, and compares Kafka with Postgres afterwards.

Options:
  --quick      fewer events and briefer faults
  --only LIST  only these rows, by id or name, separated by commas
  --json       one line of JSON on standard output; progress on standard error
  --help       this text

Rows:
${listOfRows()}`;
}

function listOfRows(): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows.map(({ id, name, title }) => `  ${id.padEnd(3)}  ${name.padEnd(width)}  ${title}\n`).join('');
}
