import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { TestKafka } from '../../../test/support/kafka.ts';
import type { TestDatabase } from '../../../test/support/postgres.ts';
import type { ChildResult, ChildTask } from './scorer-child.ts';

const childMain = fileURLToPath(new URL('scorer-child.ts', import.meta.url));

/** Scorer in its own process. */
export interface RunningChild {
  /** Resolves when the first events are stored. */
  readonly ready: Promise<void>;
  readonly result: Promise<ChildResult>;
}

/** Starts the scorer on the events of a topic, with a database that holds its champion. */
export function startScorer(
  broker: TestKafka,
  database: TestDatabase,
  task: Omit<ChildTask, 'detector'>,
): RunningChild {
  const argument = JSON.stringify({ detector: 'bench', ...task } satisfies ChildTask);
  const running = spawn(process.execPath, ['--conditions=flowline:source', '--import', 'tsx', childMain, argument], {
    env: { ...process.env, FLOWLINE_DATABASE_URL: database.url, FLOWLINE_KAFKA_BROKERS: broker.brokers.join(',') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const result = new Promise<ChildResult>((resolve, reject) => {
    running.once('error', reject);
    running.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(output.slice(output.indexOf('{'))) as ChildResult);
      else reject(new Error(`the scorer ended with ${String(code)}`));
    });
  });
  const ready = new Promise<void>((resolve, reject) => {
    running.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.startsWith('ready')) resolve();
    });
    result.catch(reject);
  });
  ready.catch(() => undefined); // not every caller awaits it
  return { ready, result };
}
