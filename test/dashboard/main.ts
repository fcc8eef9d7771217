// Tests the pages in a real browser, over a real database.
//   npm run test:pages [-- --only TEXT]
// Needs Chromium, and is skipped with a word where there is none, unless
// FLOWLINE_TEST_REQUIRE_CHROMIUM is 1.
import { readdir, stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { messageOf } from '@flowline/events';

import { startTestApi } from '../support/api.ts';
import { startPostgres } from '../support/postgres.ts';
import { findProgram } from '../support/programs.ts';
import { startBrowser } from './browser.ts';
import { checks, type Stage } from './checks.ts';
import { explorerChecks } from './explorer-checks.ts';
import { modelChecks } from './model-checks.ts';
import { seed } from './seed.ts';

/** Maximum bytes of the JavaScript of the pages over the wire. */
const MOST_SCRIPT_BYTES = 150 * 1_024;

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
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
      return await runChecks({ browser, url: api.url, database });
    } finally {
      await api.close();
    }
  } finally {
    await browser.close();
    await postgres.stop();
  }
}

async function runChecks(stage: Stage): Promise<number> {
  let failed = 0;
  const script = { name: `at most ${MOST_SCRIPT_BYTES} bytes of JavaScript`, run: checkSize };
  for (const check of [script, ...checks, ...explorerChecks, ...modelChecks].filter(({ name }) =>
    name.includes(values.only),
  )) {
    try {
      await check.run(stage);
      process.stdout.write(`ok      ${check.name}\n`);
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
