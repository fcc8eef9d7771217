import type { Watched } from '../../../test/dashboard/browser.ts';
import { untilDrawn } from './page-clock.ts';
import { BEGIN_MARK, END_MARK, type Frames, framesOf, type TraceEvent, traceCategories } from './frames.ts';

/** Time between two moves of the pointer: that of a mouse that reports 125 times a second. */
const MOVE_MS = 8;
const MOVES = 120;

/** Drags across the timeline of a page, and traces the frames until the part of it is drawn. */
export async function traceZoom({ page, context }: Pick<Watched, 'page' | 'context'>): Promise<Frames> {
  const browser = context.browser();
  const box = await page.locator('.plot .u-over').first().boundingBox();
  if (browser === null || box === null) throw new Error('the page has no timeline');
  const xAt = (move: number): number => box.x + box.width * (0.1 + (0.8 * move) / MOVES);
  await page.mouse.move(xAt(0), box.y + box.height / 2);
  await browser.startTracing(page, { categories: [...traceCategories] });
  await page.mouse.down();
  await page.evaluate(`performance.mark(${JSON.stringify(BEGIN_MARK)})`);
  const startedMs = performance.now();
  for (let move = 1; move <= MOVES; move++) {
    await page.mouse.move(xAt(move), box.y + box.height / 2 + (move % 7));
    const aheadMs = startedMs + move * MOVE_MS - performance.now();
    if (aheadMs > 0) await page.waitForTimeout(aheadMs);
  }
  await page.evaluate(`performance.mark(${JSON.stringify(END_MARK)})`);
  await page.mouse.up();
  await page.waitForURL(/from=.*to=/);
  await untilDrawn(page);
  const trace = JSON.parse((await browser.stopTracing()).toString()) as { readonly traceEvents: readonly TraceEvent[] };
  return framesOf(trace.traceEvents);
}
