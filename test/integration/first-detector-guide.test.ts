import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startPostgres, type TestDatabase, type TestPostgres } from '../support/postgres.ts';
import { startCli } from '../support/scorer-process.ts';

const read = (page: string): Promise<string> =>
  readFile(fileURLToPath(new URL(`../../${page}`, import.meta.url)), 'utf8');
/**
 * Figures: times, durations, rates and densities differ from run to run. Words, columns and the
 * number of lines do not.
 */
const FIGURE = /[−-]?\d[\d,]*(?:\.\d+)?(?:e[+−-]?\d+)?/g;

interface Block {
  readonly language: string;
  readonly text: string;
}

const blocksOf = (page: string): Block[] =>
  [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({ language, text }));

/** The commands of a guide print what the guide shows. */
describe('docs/guides/first-detector.md', () => {
  let blocks: readonly Block[];
  let folder: string;
  let postgres: TestPostgres;
  let database: TestDatabase;

  beforeAll(async () => {
    blocks = blocksOf(await read('docs/guides/first-detector.md'));
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

  const withoutAddress = (text: string): string => text.replace(/\S+:\d+\/\w+/g, '<database>');

  it('prints what it says', async () => {
    await writeFile(path.join(folder, 'checkout.yaml'), blockOf('yaml', 'name: checkout'));
    await writeFile(path.join(folder, 'events.ndjson'), blockOf('json', '"id":"e1"'));
    await database.query(blockOf('sql', 'create table orders_history'));

    const file = path.join(folder, 'checkout.yaml');
    const notMigrated = blocksOf(await read('docs/style.md')).find(({ language }) => language === '')?.text ?? '';
    expect(withoutAddress(await run('apply', file))).toBe(`exit code 1: ${withoutAddress(notMigrated)}`);
    expect(shape(await run('migrate'))).toEqual(shape(documented('flowline migrate')));
    expect(shape(await run('apply', file))).toEqual(shape(documented('flowline apply')));
    expect(shape(await run('train', 'checkout'))).toEqual(shape(documented('flowline train')));
    await run('serve', 'scorer', '--detector', 'checkout', '--source', `ndjson:${path.join(folder, 'events.ndjson')}`);
    expect(shape(await run('anomalies'))).toEqual(shape(documented('flowline anomalies')));

    const statements = blockOf('sql', 'flowline.dead_letters');
    const [deadLetters = '', ...others] = [...statements.matchAll(/^select .*?;/gm)].map(([statement]) => statement);
    const rows = (await database.query(deadLetters)).map((row) => `--  ${Object.values(row).join(' | ')}`);
    expect(rows).toEqual(statements.split('\n').filter((line) => line.startsWith('--')));
    for (const statement of others) expect(await database.query(statement)).not.toEqual([]);
    const [inReadme] = blocksOf(await read('README.md')).filter(({ language }) => language === 'sql');
    const ofGuide = (inReadme?.text ?? '').replace('checkout-latency', 'checkout');
    expect(await database.query(ofGuide)).toHaveLength(3);
  }, 240_000);
});
