import { readFileSync, writeFileSync } from 'node:fs';

import { beforeAll, describe, expect, it } from '@jest/globals';
import { initBackend } from '@flowline/flows';

import { emissionHashes } from '../testing/emission-hashes.ts';
import type { EmissionHashes } from '../testing/emission-hashes.ts';

const known = new URL('emissions.json', import.meta.url);

describe('the emitted modules and shaders', () => {
  beforeAll(() => initBackend('cpu'));

  it('are byte for byte those of emissions.json', () => {
    const hashes = emissionHashes();
    if (process.env.FLOWLINE_TEST_UPDATE_EMISSIONS === '1')
      writeFileSync(known, `${JSON.stringify(hashes, null, 2)}\n`);
    const expected = JSON.parse(readFileSync(known, 'utf8')) as EmissionHashes;
    const changed = Object.entries(hashes).flatMap(([name, files]) =>
      Object.entries(files)
        .filter(([file, hash]) => expected[name]?.[file] !== hash)
        .map(([file]) => `${name}: ${file}`),
    );
    if (changed.length > 0) {
      throw new Error(
        `${changed.length} emitted files changed, such as ${changed.slice(0, 3).join('; ')}. If that is meant ` +
          '(scores stay equal, or the change says why not), run\n' +
          'FLOWLINE_TEST_UPDATE_EMISSIONS=1 npm run test:unit -- engine/src/targets/emissions',
      );
    }
    expect(Object.keys(hashes)).toEqual(Object.keys(expected));
  });
});
