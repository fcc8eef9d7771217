import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { Locator, Page } from 'playwright-core';

import { compareImages } from '../support/compare-images.ts';
import { decodePng } from '../support/png.ts';

const folder = path.join(import.meta.dirname, 'baselines');
const fontsFile = path.join(folder, 'fonts.json');
/** Share of the blocks of a picture that may differ. */
const MOST_DIFFERING = 0.003;

/** Widths of some text in the fonts of the pages, in pixels: they tell the fonts of a machine. */
interface Fonts {
  readonly sans: number;
  readonly mono: number;
}

async function fontsOf(page: Page): Promise<Fonts> {
  return page.evaluate<Fonts>(`(() => {
    const context = document.createElement('canvas').getContext('2d');
    const style = getComputedStyle(document.documentElement);
    const width = (family) => {
      context.font = '100px ' + style.getPropertyValue(family);
      return Math.round(context.measureText('Hamburgefonstiv 0123456789').width);
    };
    return { sans: width('--sans'), mono: width('--mono') };
  })()`);
}

/** Reason why this machine's pictures cannot be compared with the baselines; null for none. */
export async function incomparable(page: Page): Promise<string | null> {
  const wanted = JSON.parse(readFileSync(fontsFile, 'utf8')) as Fonts;
  const found = await fontsOf(page);
  if (found.sans === wanted.sans && found.mono === wanted.mono) return null;
  return `the fonts of this machine (${found.sans} and ${found.mono} px) are not those of the baselines (${wanted.sans} and ${wanted.mono} px)`;
}

/** Notes the fonts with which the baselines are taken. */
export async function noteFonts(page: Page): Promise<void> {
  const { sans, mono } = await fontsOf(page);
  // In the form that the formatter leaves.
  writeFileSync(fontsFile, `{ "sans": ${sans}, "mono": ${mono} }\n`);
}

/** View whose picture is kept. */
export interface View {
  readonly name: string;
  /** Parts that change from run to run. */
  readonly masked?: readonly Locator[];
}

async function pictureOf(page: Page, { masked = [] }: View): Promise<Buffer> {
  return page.screenshot({ animations: 'disabled', caret: 'hide', mask: [...masked], maskColor: '#8888aa' });
}

const fileOf = ({ name }: View): string => path.join(folder, `${name}.png`);

/** Keeps the picture of a view as its baseline. */
export async function keepBaseline(page: Page, view: View): Promise<void> {
  writeFileSync(fileOf(view), await pictureOf(page, view));
}

/** Compares a view with its baseline; a picture that differs is written beside the tests. */
export async function compareWithBaseline(page: Page, view: View): Promise<void> {
  const file = fileOf(view);
  assert.ok(existsSync(file), `${file} is missing: npm run test:pages -- --update-baselines`);
  const found = await pictureOf(page, view);
  const { share, where } = compareImages(decodePng(readFileSync(file)), decodePng(found));
  if (share <= MOST_DIFFERING || where === null) return;
  const seen = path.join(mkdtempSync(path.join(tmpdir(), 'flowline-baseline-')), `${view.name}.png`);
  writeFileSync(seen, found);
  assert.fail(
    `${view.name} differs from its baseline in ${(100 * share).toFixed(1)} % of its blocks, between ` +
      `(${where.left}, ${where.top}) and (${where.right}, ${where.bottom}): compare ${seen} with ${file}; ` +
      'if it is right, npm run test:pages -- --update-baselines',
  );
}
