import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** Page that is watched: everything that a browser complains about is noted. */
export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Complaints so far; those about responses that a check provokes are left out. */
  readonly complaints: string[];
}

/** Colours and width of a window. */
export interface Window {
  readonly theme: 'light' | 'dark';
  readonly width: number;
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const TIMEOUT_MS = 15_000;

/** Starts a browser without a window. */
export const startBrowser = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });

/** Opens a page that is signed in by a ticket; null for nobody. */
export async function open(
  browser: Browser,
  url: string,
  ticket: string | null,
  { theme, width }: Window = { theme: 'light', width: 1_024 },
): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width, height: 800 },
    colorScheme: theme,
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(TIMEOUT_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:'))
      complaints.push(`a request to ${request.url()}`);
  });
  await page.goto(`${url}/ui/${ticket ?? ''}`);
  if (ticket !== null) await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  return { page, context, complaints };
}

/** Goes to a page, and waits until everything is there. */
export async function visit({ page }: Pick<Watched, 'page'>, url: string, path: string): Promise<void> {
  await page.goto(`${url}/ui${path}`);
  await page.locator('h1').first().waitFor();
  await page.locator('.skeleton').first().waitFor({ state: 'detached', timeout: 20_000 });
}

/** Pixels by which a page is wider than its window. */
export const pixelsBeyond = ({ page }: Pick<Watched, 'page'>): Promise<number> =>
  page.evaluate<number>('Math.max(0, document.documentElement.scrollWidth - innerWidth)');

/** Beginning of the innermost elements that reach beyond the window, for messages. */
export const elementsBeyond = ({ page }: Pick<Watched, 'page'>): Promise<string> =>
  page.evaluate<string>(
    `[...document.querySelectorAll('body *')]
      .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
      .filter((one, _, all) => !all.some((other) => other !== one && one.contains(other)))
      .slice(0, 3).map((one) => one.outerHTML.slice(0, 160)).join(' | ')`,
  );

/** Serious findings of axe about a page, by rule. */
export async function findings({ page }: Pick<Watched, 'page'>): Promise<string[]> {
  // Evaluated by the debugger, which the policy of the page does not bind.
  await page.evaluate(axe);
  return page.evaluate(async () => {
    interface Found {
      readonly id: string;
      readonly impact: string;
      readonly nodes: readonly { readonly html: string }[];
    }
    const { axe: run } = globalThis as unknown as { readonly axe: { run: () => Promise<{ violations: Found[] }> } };
    const { violations } = await run.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160) ?? ''}`);
  });
}
