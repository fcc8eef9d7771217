import { readFileSync } from 'node:fs';

import { parseDetector } from '@flowline/config';
import { reportError } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

const read = (file: string): string => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');

describe('docs/reference/errors.md', () => {
  it('shows an error as it is printed', () => {
    const misspelt = read('examples/flights/detector.yaml').replace('  features:', '  featurs:');
    let printed = '';
    try {
      parseDetector(misspelt, 'detector.yaml', () => '');
    } catch (error) {
      const stream = { write: (text: string) => (printed += text) };
      reportError(error, false, { stdout: stream, stderr: stream });
    }
    expect(/^```\n(error .*?)^```$/ms.exec(read('docs/reference/errors.md'))?.[1]).toBe(printed);
  });
});
