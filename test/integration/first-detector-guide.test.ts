import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { startCli } from '../support/scorer-process.ts';

const guide = fileURLToPath(new URL('../../docs/guides/first-detector.md', import.meta.url));
/**
 * Figures: times, durations, rates and densities differ from run to run. Words, columns and the
 * number of lines do not.
 */
const FIGURE = /[−-]?\d[\d,]*(?:\.\d+)?(?:e[+−-]?\d+)?/g;

interface Block {
  readonly language: string;
  readonly text: string;
}

/** The commands of a guide print what the guide shows. */
describe('docs/guides/first-detector.md', () => {
  let blocks: readonly Block[];
  let folder: string;
  let postgres: TestPostgres;
  let database: TestDatabase;

  beforeAll(async () => {
    const text = await readFile(guide, 'utf8');
    blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', body = '']) => ({
      language,
      text: body,
    }));
    folder = await mkdtemp(path.join(tmpdir(), 'flowline-guide-'));
    postgres = await startPostgres();
    database = await postgres.createDatabase({ migrated: false });
  }, 120_000);
  afterAll(async () => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const blockOf = (language: string, part: string): string =>
    blocks.find((block) => block.language === language && block.text.includes(part))?.text ?? `no block with ${part}`;

  /** Output that the guide shows below the block of a command. */
  function documented(command: string): string {
    const at = blocks.findIndex(({ language, text }) => language === 'sh' && text.includes(command));
    return blocks[at + 1]?.text ?? `no output of ${command}`;
  }

  async function run(...args: string[]): Promise<string> {
    const env = { FLOWLINE_DATABASE_URL: database.url, FLOWLINE_LOG_LEVEL: 'error' };
    const cli = startCli(args, env);
    const code = await cli.ended;
    return code === 0 ? cli.stdout() : `exit code ${code}: ${cli.stderr()}`;
  }

  /**
   * Lines with figures as # and columns one space apart, because the widths of columns depend on
   * the figures.
   */
  const shape = (text: string): string[] =>
    text
      .trimEnd()
      .split('\n')
      .map((line) =>
        line
          .replace(FIGURE, '#')
          .replace(/ +/g, ' ')
          .replace(/^\S+\/\S+:/, '<database>:')
          .trimEnd(),
      );

  it('prints what it says', async () => {
    await writeFile(path.join(folder, 'checkout.yaml'), blockOf('yaml', 'name: checkout'));
    await writeFile(path.join(folder, 'events.ndjson'), blockOf('json', '"id":"e1"'));
    await database.query(blockOf('sql', 'create table orders_history'));

    expect(shape(await run('migrate'))).toEqual(shape(documented('flowline migrate')));
    const file = path.join(folder, 'checkout.yaml');
    expect(shape(await run('apply', file))).toEqual(shape(documented('flowline apply')));
    expect(shape(await run('train', 'checkout'))).toEqual(shape(documented('flowline train')));
    await run('serve', 'scorer', '--detector', 'checkout', '--source', `ndjson:${path.join(folder, 'events.ndjson')}`);
    expect(shape(await run('anomalies'))).toEqual(shape(documented('flowline anomalies')));
  }, 240_000);
});
