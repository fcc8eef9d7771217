// Takes the pictures of the documentation: the pages over a month of a simulated wind farm.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { startBrowser } from '../dashboard/browser.ts';
import { findProgram } from '../support/programs.ts';
import { startScene, startSceneApi } from './scene.ts';
import { furtherShots, type Shot, shotsOf } from './shots.ts';
import { type Stage, takeAll, type Window } from './take.ts';

const HELP = `npm run pictures [-- options]

Takes the pictures of docs/pages.md and README.md again, into docs/images. Needs Chromium, and
Postgres and Kafka as the integration tests do: see CONTRIBUTING.md.

  --only PATTERN   take those whose name matches a regular expression
  --all FOLDER     take every page as a whole, in both themes and three widths, into a folder
`;

const folder = path.resolve(import.meta.dirname, '../../docs/images');
const everyWindow: readonly Window[] = (['light', 'dark'] as const).flatMap((theme) =>
  [390, 1_024, 1_600].map((width) => ({ theme, width, isWhole: true })),
);

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    all: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else await takePictures();

async function takePictures(): Promise<void> {
  const chromium = findProgram('chromium', 'CHROMIUM');
  if (chromium === undefined) throw new Error('the program chromium is not installed');
  const scene = await startScene((line) => process.stdout.write(`${line}\n`));
  const [api, browser] = [await startSceneApi(scene), await startBrowser(chromium)];
  try {
    await takeChosen({ browser, url: api.url, scene }, await shotsOf(scene.database));
  } finally {
    await browser.close();
    await api.close();
    await scene.close();
  }
}

async function takeChosen(stage: Stage, shots: readonly Shot[]): Promise<void> {
  const isNamed = ({ name }: Shot): boolean => new RegExp(values.only).test(name);
  if (values.all === undefined) return takeAll(stage, shots.filter(isNamed), { folder, prefix: 'pages-' });
  await mkdir(values.all, { recursive: true });
  for (const window of everyWindow) {
    const album = { folder: values.all, prefix: `${window.width}-${window.theme}-`, window };
    await takeAll(stage, [...furtherShots, ...shots].filter(isNamed), album);
  }
}
