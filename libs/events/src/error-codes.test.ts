import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { deadLetterReasons } from './dead-letter.ts';
import { errorCodes } from './error-codes.ts';

const reference = readFileSync(new URL('../../../docs/reference/errors.md', import.meta.url), 'utf8');
const headings = [...reference.matchAll(/^### `(\w+)`$/gm)].map((match) => match[1]);

describe('docs/reference/errors.md', () => {
  it('explains every error code and every dead-letter reason, and no other', () => {
    expect(headings.sort()).toEqual([...Object.keys(errorCodes), ...Object.keys(deadLetterReasons)].sort());
  });
});
