// The fault suite: real brokers, databases, kills and pauses, and a checker that compares Kafka
// with Postgres independently.
//   npm run test:faults -- [--quick] [--json] [--only R1,R7]
import { parseArgs } from 'node:util';

import { r1 } from './r1.ts';
import { r10 } from './r10.ts';
import { r11 } from './r11.ts';
import { r13 } from './r13.ts';
import { r14 } from './r14.ts';
import { r15 } from './r15.ts';
import { r16 } from './r16.ts';
import { r17 } from './r17.ts';
import { r18 } from './r18.ts';
import { r19 } from './r19.ts';
import { r2 } from './r2.ts';
import { r20 } from './r20.ts';
import { r21 } from './r21.ts';
import { r22 } from './r22.ts';
import { r3 } from './r3.ts';
import { r4 } from './r4.ts';
import { r5 } from './r5.ts';
import { r6 } from './r6.ts';
import { r7 } from './r7.ts';
import { r8 } from './r8.ts';
import { r9 } from './r9.ts';
import { type Outcome, passed, type Scenario } from './scenario.ts';
import { openStage, type Stage } from './stage.ts';

const scenarios: readonly Scenario[] = [
  r1,
  r2,
  r3,
  r4,
  r5,
  r6,
  r7,
  r8,
  r9,
  r10,
  r11,
  r13,
  r14,
  r15,
  r16,
  r17,
  r18,
  r19,
  r20,
  r21,
  r22,
];

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
  },
});
const only = values.only?.split(',').map((id) => id.trim().toUpperCase());
const unknown = only?.filter((id) => !scenarios.some((scenario) => scenario.id === id)) ?? [];
if (unknown.length > 0) {
  process.stderr.write(`--only: no row ${unknown.join(', ')}; there are ${scenarios.map(({ id }) => id).join(', ')}\n`);
  process.exit(2);
}
const wanted = scenarios.filter(({ id }) => only?.includes(id) ?? true);
// With --json, standard output carries only the result.
const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`);

const stage = await openStage({ quick: values.quick, say: (line) => say(`      ${line}`) });
const rows: ReportedRow[] = [];
try {
  for (const scenario of wanted) rows.push(await play(stage, scenario));
} finally {
  await stage.close();
}
const failed = rows.filter((row) => !row.passed);
say(failed.length === 0 ? `all ${rows.length} rows hold` : `failed: ${failed.map(({ id }) => id).join(', ')}`);
if (values.json) process.stdout.write(`${JSON.stringify({ rows })}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;

async function play(on: Stage, scenario: Scenario): Promise<ReportedRow> {
  const { id, title } = scenario;
  say(`${id.padEnd(4)}  ${title}`);
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
