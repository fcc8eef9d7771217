import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

import { describe, expect, it } from '@jest/globals';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

describe('README', () => {
  it('has an example that runs, separates the banana from what is off it, and loads what it saved', async () => {
    const [, example = ''] = /```js\n([\s\S]*?)```/.exec(readme) ?? [];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=flowline:source', '--import', 'tsx', '--input-type=module', '-e', example],
      { cwd: import.meta.dirname },
    );
    const scores = (line: string) =>
      (JSON.parse(new RegExp(`^${line} (\\[.*\\])$`, 'm').exec(stdout)?.[1] ?? '[]') as number[]).slice(0, 2);
    const [on = Number.NaN, off = Number.NaN] = scores('log p');
    expect(on).toBeGreaterThan(off + 3);
    expect(scores('again')).toEqual([on, off]);
  });
});
