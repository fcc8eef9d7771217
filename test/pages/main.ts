// Pages that open without a server, in real Chromium: both themes, three widths, no script, no
// request, no message on the console, and no serious finding of axe.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { reportHtml } from '@flowline/charts/report';
import { chromium } from 'playwright-core';

import { hostileReport } from './hostile-report.ts';
import { trainedReports } from './trained-reports.ts';

/** Part of the result of axe that is read. */
interface AxeResult {
  readonly violations: readonly { id: string; impact: string; nodes: { html: string }[] }[];
}

const CHROMIUM = '/usr/bin/chromium';
// npm run test:pages [-- REPORT.html [folder of screenshots]]; default: a report of hostile names,
// and those that the command makes of a labelled file, a file and a training
const [given, shots] = process.argv.slice(2);
if (!existsSync(CHROMIUM)) {
  console.log(`skipped: there is no ${CHROMIUM}; install the package chromium`);
  process.exit(process.env.FLOWLINE_TEST_REQUIRE_CHROMIUM === '1' ? 1 : 0);
}
const files = given === undefined ? await writtenReports() : [given];
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
if (shots !== undefined) mkdirSync(shots, { recursive: true });
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
const failures: string[] = [];
try {
  for (const file of files) await check(file);
} finally {
  await browser.close();
}
for (const failure of failures) console.error(failure);
console.log(`${failures.length} findings in 6 views of each of ${files.join(', ')}`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function writtenReports(): Promise<readonly string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'flowline-pages-'));
  const hostile = path.join(folder, 'hostile.html');
  writeFileSync(hostile, reportHtml(hostileReport));
  return [hostile, ...(await trainedReports(folder))];
}

async function check(file: string): Promise<void> {
  const name = path.basename(file, '.html');
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [390, 1024, 1600]) {
      // The policy of the page refuses the script of axe.
      const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
      const fail = (finding: string): unknown => failures.push(`${name} ${colorScheme} ${width}: ${finding}`);
      page.on('console', (message) => fail(`console: ${message.text()}`));
      page.on('pageerror', (error) => fail(error.message));
      page.on('request', (request) => {
        if (!request.url().startsWith('file:')) fail(`request: ${request.url()}`);
      });
      await page.goto(pathToFileURL(path.resolve(file)).href);
      if ((await page.locator('script').count()) > 0) fail('a script');
      if ((await page.locator('svg[role=img]').count()) === 0) fail('no charts');
      const wide: unknown = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      if (Number(wide) > 0) fail(`the page is ${String(wide)} pixels too wide`);
      if (shots !== undefined)
        await page.screenshot({ path: `${shots}/${name}-${colorScheme}-${width}.png`, fullPage: true });
      await page.evaluate(axe);
      const found = await page.evaluate<AxeResult>('axe.run()');
      for (const { id, impact, nodes } of found.violations) {
        if (impact === 'serious' || impact === 'critical') fail(`axe: ${id}: ${nodes[0]?.html.slice(0, 150) ?? ''}`);
      }
      await page.close();
    }
  }
}
