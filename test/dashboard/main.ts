// Tests the pages in a real browser, over a real database.
//   npm run test:pages [-- --only PATTERN | --update-baselines]
// Needs Chromium, and is skipped with a word where there is none, unless
// FLOWLINE_TEST_REQUIRE_CHROMIUM is 1.
import { readdir, stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { messageOf } from '@flowline/events';

import { startTestApi } from '../support/api.ts';
import { startPostgres } from '../support/postgres.ts';
import { findProgram } from '../support/programs.ts';
import { baselineChecks, updateBaselines } from './baseline-checks.ts';
import { startBrowser } from './browser.ts';
import type { Stage } from './check.ts';
import { checks } from './checks.ts';
import { explorerChecks } from './explorer-checks.ts';
import { faultChecks } from './fault-checks.ts';
import { floodChecks } from './flood-checks.ts';
import { hostileChecks } from './hostile-checks.ts';
import { keyboardChecks } from './keyboard-checks.ts';
import { modelChecks } from './model-checks.ts';
import { rightsChecks } from './rights-checks.ts';
import { seed } from './seed.ts';

/** Maximum bytes of the JavaScript of the pages over the wire. */
const MOST_SCRIPT_BYTES = 150 * 1_024;

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, 'update-baselines': { type: 'boolean', default: false } },
});
const chromium = findProgram('chromium', 'CHROMIUM');
if (chromium !== undefined) process.exitCode = await run(chromium);

async function run(program: string): Promise<number> {
  const postgres = await startPostgres();
  const browser = await startBrowser(program);
  try {
    const database = await postgres.createDatabase();
    await seed(database);
    const api = await startTestApi(database.db);
    try {
      return await runChecks({ browser, url: api.url, database, postgres });
    } finally {
      await api.close();
    }
  } finally {
    await browser.close();
    await postgres.stop();
  }
}

async function runChecks(stage: Stage): Promise<number> {
  if (values['update-baselines']) {
    await updateBaselines(stage);
    return 0;
  }
  let failed = 0;
  const script = { name: `at most ${MOST_SCRIPT_BYTES} bytes of JavaScript`, run: checkSize };
  const attacks = [
    ...baselineChecks,
    ...faultChecks,
    ...floodChecks,
    ...hostileChecks,
    ...keyboardChecks,
    ...rightsChecks,
  ];
  const all = [script, ...checks, ...explorerChecks, ...modelChecks, ...attacks];
  for (const check of all.filter(({ name }) => new RegExp(values.only).test(name))) {
    const startedMs = performance.now();
    try {
      await check.run(stage);
      process.stdout.write(`ok      ${check.name} (${((performance.now() - startedMs) / 1_000).toFixed(1)} s)\n`);
    } catch (error) {
      failed++;
      process.stdout.write(`failed  ${check.name}\n        ${messageOf(error)}\n`);
    }
  }
  process.stdout.write(`${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

async function checkSize(): Promise<void> {
  const folder = new URL('../../services/dashboard/dist/assets/', import.meta.url);
  const scripts = (await readdir(folder)).filter((name) => name.endsWith('.js.br'));
  const sizes = await Promise.all(scripts.map(async (name) => (await stat(new URL(name, folder))).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (scripts.length === 0 || bytes > MOST_SCRIPT_BYTES) throw new Error(`${bytes} bytes in ${scripts.length} files`);
}
