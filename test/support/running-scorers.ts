import { afterEach } from '@jest/globals';

import type { TestKafka } from './kafka.ts';
import type { TestDatabase } from './postgres.ts';
import { type ServiceProcess, startCli, startScorer, startTrainer } from './scorer-process.ts';
import { eventually, untilReached } from './until.ts';

/** Broker and database of the services under test. */
export interface ScorerServers {
  readonly broker: Pick<TestKafka, 'brokers'>;
  readonly database: Pick<TestDatabase, 'url' | 'query'>;
}

type Env = Readonly<Record<string, string>>;

const PATIENCE_MS = 60_000;
const LOG_TAIL_CHARACTERS = 4_000;

/**
 * Services that a suite starts on its current broker and database. Those still running are killed
 * after each test.
 */
export class RunningScorers {
  readonly #servers: () => ScorerServers;
  readonly #running = new Set<ServiceProcess>();

  constructor(servers: () => ScorerServers) {
    this.#servers = servers;
    afterEach(() => this.#kill());
  }

  /** Starts a scorer. `env` adds to the server addresses, or overrides them. */
  start(args: readonly string[] = [], env: Env = {}): ServiceProcess {
    return this.#add(startScorer(args, this.#env(env)));
  }

  /** Starts a trainer. */
  startTrainer(args: readonly string[], env: Env = {}): ServiceProcess {
    return this.#add(startTrainer(args, this.#env(env)));
  }

  /** Runs the command line. */
  startCli(args: readonly string[], env: Env = {}): ServiceProcess {
    return this.#add(startCli(args, this.#env(env)));
  }

  /**
   * Waits until `wanted` events are stored, as scores or as dead letters. @throws Error after a
   * minute without progress.
   */
  async untilStored(wanted: number): Promise<void> {
    const stored = async (): Promise<number> => {
      const [row] = await this.#servers().database.query(
        'SELECT ((SELECT count(*) FROM flowline.scored_events) + (SELECT count(*) FROM flowline.dead_letters))::integer AS n',
      );
      return Number(row?.n);
    };
    await untilReached('stored events', wanted, stored, { everyMs: 20, detail: () => this.#logTails() });
  }

  /**
   * Retries an assertion until it holds, for at most `patienceMs` (default one minute). @throws
   * Error with the end of the services' standard error.
   */
  async eventually(assertion: () => void | Promise<void>, patienceMs = PATIENCE_MS): Promise<void> {
    try {
      await eventually(assertion, { timeoutMs: patienceMs });
    } catch (error) {
      throw new Error(`${String(error)}\n${this.#logTails()}`, { cause: error });
    }
  }

  #env(more: Env): Env {
    const { broker, database } = this.#servers();
    return { FLOWLINE_DATABASE_URL: database.url, FLOWLINE_KAFKA_BROKERS: broker.brokers.join(','), ...more };
  }

  #add(service: ServiceProcess): ServiceProcess {
    this.#running.add(service);
    void service.ended.then(() => this.#running.delete(service));
    return service;
  }

  #logTails(): string {
    return [...this.#running].map(({ stderr }) => stderr().slice(-LOG_TAIL_CHARACTERS)).join('\n');
  }

  async #kill(): Promise<void> {
    for (const { child } of this.#running) child.kill('SIGKILL');
    await Promise.all([...this.#running].map(({ ended }) => ended));
  }
}
