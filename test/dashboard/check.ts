import type { Browser } from 'playwright-core';

import type { TestDatabase, TestPostgres } from '../support/postgres.ts';

/** Pages under test, running. */
export interface Stage {
  readonly browser: Browser;
  readonly url: string;
  readonly database: TestDatabase;
  /** Server for checks that need a database of their own. */
  readonly postgres: TestPostgres;
}

/** Fact about the pages, and the check of it. */
export interface Check {
  readonly name: string;
  readonly run: (stage: Stage) => Promise<void>;
}
