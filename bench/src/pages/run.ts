import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startEmbeddedPostgres } from '@flowline/embedded-postgres';
import { FlowlineError } from '@flowline/events';

import { open, startBrowser, type Watched } from '../../../test/dashboard/browser.ts';
import { ticketFor } from '../../../test/dashboard/seed.ts';
import { startTestApi } from '../../../test/support/api.ts';
import { serve, type TestDatabase } from '../../../test/support/postgres.ts';
import { findProgram } from '../../../test/support/programs.ts';
import { describeMachine } from '../support/machine.ts';
import { parseBenchOptions } from '../support/options.ts';
import type { BenchProgram } from '../support/program.ts';
import { printJson, printTable } from '../support/report.ts';
import { median } from '../support/statistics.ts';
import { DETECTOR, fillPages } from './fill.ts';
import type { Frames } from './frames.ts';
import { openPage, scriptBytes, watchPages } from './page-clock.ts';
import { traceZoom } from './zoom.ts';

const EVENTS = { full: 10_000_000, quick: 1_000_000 } as const;
const DAYS = 30;
/** Openings of each page; the first of all fills the caches of the browser and the server. */
const TURNS = { full: 7, quick: 3 } as const;
/** Goals of issue 18. */
const GOAL = { pageMs: 1_000, scriptBytes: 150 * 1_024, framesPerSecond: 60 };

/** Openings of a page: median and longest in milliseconds, and its load on the API. */
interface Row {
  readonly page: string;
  readonly medianMs: number;
  readonly longestMs: number;
  readonly goalMs: number;
  readonly requests: number;
  readonly apiBytes: number;
}

/**
 * Pages benchmark: the pages of a detector with full tables in Chromium, from navigation to drawn
 * charts; the bytes of their scripts; and the frames while its timeline is zoomed.
 */
export const program: BenchProgram = {
  async run(args) {
    const options = parseBenchOptions('pages', args, {
      rows: { value: 'N', meaning: 'scored events' },
      turns: { value: 'N', meaning: 'openings of each page' },
    });
    const events = options.count('rows', options.quick ? EVENTS.quick : EVENTS.full);
    const turns = options.count('turns', options.quick ? TURNS.quick : TURNS.full);
    const chromium = findProgram('chromium', 'CHROMIUM');
    if (chromium === undefined) throw noChromium();
    console.log(`pages: ${events} scored events over ${DAYS} days; ${describeMachine()}`);
    await overDatabase(async (database) => {
      const startedMs = performance.now();
      await fillPages(database, { events, days: DAYS });
      console.log(`filled in ${((performance.now() - startedMs) / 1_000).toFixed(0)} s`);
      const { rows, script, zoom } = await measure(database, chromium, turns);
      print(rows, script, zoom);
      if (options.json) printJson({ bench: 'pages', events, rows, script, zoom });
    });
  },
};

async function overDatabase(use: (database: TestDatabase) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'flowline-bench-'));
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres(folder);
  const postgres = await serve(server.url, () => server.stop());
  try {
    await use(await postgres.createDatabase());
  } finally {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Measured {
  readonly rows: readonly Row[];
  readonly script: { readonly bytes: number; readonly goalBytes: number };
  readonly zoom: Frames & { readonly goalPerSecond: number };
}

async function measure(database: TestDatabase, chromium: string, turns: number): Promise<Measured> {
  const api = await startTestApi(database.db);
  const browser = await startBrowser(chromium);
  try {
    const watched = await open(browser, api.url, await ticketFor(database.db, {}), { theme: 'light', width: 1_440 });
    await watchPages(watched.page);
    const script = { bytes: await scriptBytes(watched.page), goalBytes: GOAL.scriptBytes };
    const rows: Row[] = [];
    for (const page of await addresses(database))
      rows.push(await openOften(watched, `${api.url}/ui${page}`, page, turns));
    await openPage(watched.page, `${api.url}/ui/detectors/${DETECTOR}`);
    return { rows, script, zoom: { ...(await traceZoom(watched)), goalPerSecond: GOAL.framesPerSecond } };
  } finally {
    await browser.close();
    await api.close();
  }
}

/** Addresses of the pages, the one with the goal first. */
async function addresses({ query }: TestDatabase): Promise<readonly string[]> {
  const [row] = await query(`SELECT anomaly_id::text AS anomaly, alert_id::text AS alert
    FROM flowline.anomalies ORDER BY event_time DESC LIMIT 1`);
  const tabs = ['', '/models', '/entities', '/pipeline', '/what-if', '/definition'];
  return [
    ...tabs.map((tab) => `/detectors/${DETECTOR}${tab}`),
    ...['/', '/alerts', '/alerts?state=all', `/alerts/${String(row?.alert)}`, `/anomalies/${String(row?.anomaly)}`],
  ];
}

async function openOften({ page }: Watched, address: string, name: string, turns: number): Promise<Row> {
  await openPage(page, address);
  const times = [];
  for (let turn = 0; turn < turns; turn++) times.push(await openPage(page, address));
  const milliseconds = times.map(({ ms }) => ms);
  return {
    page: name.replace(/[\da-f-]{36}|\d+$/, 'ID'),
    ...{ medianMs: Math.round(median(milliseconds)), longestMs: Math.round(Math.max(...milliseconds)) },
    ...{ goalMs: GOAL.pageMs, requests: median(times.map(({ requests }) => requests)) },
    apiBytes: median(times.map(({ apiBytes }) => apiBytes)),
  };
}

function print(rows: readonly Row[], script: Measured['script'], zoom: Measured['zoom']): void {
  printTable<Row>(
    [
      { title: 'page', text: ({ page }) => page },
      { title: 'median ms', align: 'right', text: ({ medianMs }) => String(medianMs) },
      { title: 'longest ms', align: 'right', text: ({ longestMs }) => String(longestMs) },
      { title: 'goal ms', align: 'right', text: ({ goalMs }) => String(goalMs) },
      { title: 'requests', align: 'right', text: ({ requests }) => String(requests) },
      { title: 'KB of the API', align: 'right', text: ({ apiBytes }) => (apiBytes / 1_024).toFixed(0) },
    ],
    rows,
  );
  console.log(`scripts: ${script.bytes} bytes over the wire, goal ${script.goalBytes}`);
  console.log(
    `zoom: ${zoom.perSecond.toFixed(1)} frames/s, goal ${zoom.goalPerSecond}; the longest ${zoom.longestMs.toFixed(1)} ms, ` +
      `the longest task ${zoom.longestTaskMs.toFixed(1)} ms`,
  );
}

const noChromium = (): FlowlineError =>
  new FlowlineError('FLOWLINE_USAGE', 'Chromium is not installed.', {
    where: 'bench pages',
    remedy: 'Install it: `apt-get install chromium`.',
  });
