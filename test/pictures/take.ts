import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import type { Browser, Page } from 'playwright-core';

import { visit } from '../dashboard/browser.ts';
import { ticketFor } from '../dashboard/seed.ts';
import { encodePng } from '../support/encode-png.ts';
import { decodePng } from '../support/png.ts';
import type { Scene } from './scene.ts';
import type { Shot } from './shots.ts';

/** Scene with an API and a browser. */
export interface Stage {
  readonly browser: Browser;
  readonly url: string;
  readonly scene: Pick<Scene, 'database' | 'trickle'>;
}

/** Window in which pages are looked at. */
export interface Window {
  readonly theme: 'light' | 'dark';
  readonly width: number;
  /** True for the whole page, however long it is. */
  readonly isWhole: boolean;
}

/** Place of the pictures. */
export interface Album {
  readonly folder: string;
  readonly prefix: string;
  /** By default that of the documentation. */
  readonly window?: Window;
}

const DOCUMENTATION: Window = { theme: 'light', width: 1_280, isWhole: false };
const HEIGHT = 800;
/** Pixels of the picture per pixel of the page, so that text is sharp where pictures are scaled. */
const SCALE = 1.5;
const DRAWN_MS = 700;
/** Time in which a live page measures rates. */
const MEASURED_MS = 11_000;

/** Takes the picture of each shot, those of live pages while events come. */
export async function takeAll({ browser, url, scene }: Stage, shots: readonly Shot[], album: Album): Promise<void> {
  const { window = DOCUMENTATION } = album;
  const context = await browser.newContext({
    ...{ viewport: { width: window.width, height: HEIGHT }, deviceScaleFactor: window.isWhole ? 1 : SCALE },
    ...{ colorScheme: window.theme, reducedMotion: 'reduce', timezoneId: 'UTC', locale: 'en-US' },
  });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  await page.clock.setFixedTime(new Date());
  await page.goto(`${url}/ui/${await ticketFor(scene.database.db, { scope: 'admin' })}`);
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  for (const shot of shots) {
    const stop = shot.isLive === true ? scene.trickle() : null;
    await take(page, url, shot, album, window);
    await stop?.();
  }
  await context.close();
}

async function take(page: Page, url: string, shot: Shot, { folder, prefix }: Album, window: Window): Promise<void> {
  const { name, path: address, height = HEIGHT, theme = window.theme, prepare, isLive = false } = shot;
  await page.setViewportSize({ width: window.width, height });
  await page.emulateMedia({ colorScheme: theme });
  await visit({ page }, url, address);
  await prepare?.(page);
  await page.waitForTimeout(isLive ? MEASURED_MS : DRAWN_MS);
  const picture = await page.screenshot({ animations: 'disabled', caret: 'hide', fullPage: window.isWhole });
  const bytes = window.isWhole ? picture : encodePng(decodePng(picture));
  await writeFile(path.join(folder, `${prefix}${name}.png`), bytes);
  process.stdout.write(`${prefix}${name}.png: ${Math.round(bytes.length / 1_024)} KB\n`);
}
