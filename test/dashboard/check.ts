import type { Browser } from 'playwright-core';

import type { TestDatabase } from '../support/postgres.ts';

/** Pages under test, running. */
export interface Stage {
  readonly browser: Browser;
  readonly url: string;
  readonly database: TestDatabase;
}

/** Fact about the pages, and the check of it. */
export interface Check {
  readonly name: string;
  readonly run: (stage: Stage) => Promise<void>;
}
