import type { Watched } from '../../../test/dashboard/browser.ts';
import { until } from '../../../test/support/until.ts';

type Page = Watched['page'];

/** Time at which a page was there, and what it had asked the API for. */
export interface PageTimes {
  /** From navigation to the frame in which everything is drawn. */
  readonly ms: number;
  /** Requests to the API, and the bytes of their responses. */
  readonly requests: number;
  readonly apiBytes: number;
}

/** Time without a change after which a page is taken for complete. */
const QUIET_MS = 400;
const TIMEOUT_MS = 60_000;

/**
 * Script that notes, within a page, when it is drawn: its heading and its charts are there, nothing
 * is on its way, and the frame after the last change has begun.
 */
const watch = `(() => {
  let drawnAt = null;
  let turn = 0;
  const look = () => {
    const mine = ++turn;
    drawnAt = null;
    const isThere = document.querySelector('h1') !== null && document.querySelector('.skeleton') === null &&
      [...document.querySelectorAll('.plot')].every((plot) => plot.querySelector('canvas') !== null);
    if (!isThere) return;
    requestAnimationFrame(() => requestAnimationFrame(() => { if (mine === turn) drawnAt = performance.now(); }));
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
  globalThis.drawnAt = () => drawnAt;
})()`;

/** Notes the times of the pages that a browser opens from now on. */
export const watchPages = (page: Page): Promise<unknown> => page.addInitScript(watch);

/** Waits until nothing of a page has changed for a while. */
export async function untilDrawn(page: Page): Promise<void> {
  const isQuiet = `typeof globalThis.drawnAt?.() === 'number' && performance.now() - globalThis.drawnAt() > ${QUIET_MS}`;
  await until(`${page.url()} is drawn`, () => page.evaluate<boolean>(isQuiet), { timeoutMs: TIMEOUT_MS });
}

/** Opens a page and waits until it is drawn. */
export async function openPage(page: Page, address: string): Promise<PageTimes> {
  await page.goto(address, { waitUntil: 'commit' });
  await untilDrawn(page);
  return page.evaluate<PageTimes>(`(() => {
    const asked = performance.getEntriesByType('resource').filter(({ name }) => new URL(name).pathname.startsWith('/v1/'));
    const apiBytes = asked.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
    return { ms: globalThis.drawnAt(), requests: asked.length, apiBytes };
  })()`);
}

/** Bytes of the scripts that a page has loaded, as they came over the wire. */
export const scriptBytes = (page: Page): Promise<number> =>
  page.evaluate<number>(`performance.getEntriesByType('resource')
    .filter(({ name }) => name.endsWith('.js')).reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`);
