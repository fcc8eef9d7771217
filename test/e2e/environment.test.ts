import { describe, expect, it } from '@jest/globals';

import { startCli, startScorer, startTrainer, type ServiceProcess } from '../support/scorer-process.ts';

const misspelt = { FLOWLINE_DATABSE_URL: 's3cret', FLOWLINE_DATABASE_URL: '' };
const warning = 'FLOWLINE_DATABSE_URL is set, but there is no such setting; did you mean FLOWLINE_DATABASE_URL?';

/** Counts a process's warnings on standard error, and checks that it quoted no value. */
async function warningsOf({ ended, stdout, stderr }: ServiceProcess): Promise<number> {
  await ended;
  expect(stdout() + stderr()).not.toContain('s3cret');
  return stderr().split(warning).length - 1;
}

describe('a misspelt variable', () => {
  it('is warned about once by each process', async () => {
    expect(await warningsOf(startCli(['schema'], misspelt))).toBe(1);
    expect(await warningsOf(startCli(['serve', 'scorer'], misspelt))).toBe(1);
    expect(await warningsOf(startCli(['train', 'checkout'], misspelt))).toBe(1);
    expect(await warningsOf(startScorer([], misspelt))).toBe(1);
    expect(await warningsOf(startTrainer(['serve'], misspelt))).toBe(1);
  }, 120_000);
});
