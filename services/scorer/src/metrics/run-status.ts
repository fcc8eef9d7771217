import { messageOf } from '@flowline/events';
import type { RetryNotice } from '@flowline/stream';
import type { Health, Logger } from '@flowline/telemetry';

import type { Champion } from '../champion/champion.ts';

/** State of a detector's run, for the log and the health endpoints. */
export class RunStatus {
  readonly #name: string;
  readonly #health: Health;
  readonly #logger: Logger;
  #isScoring = false;
  /** Cause of the wait that ends without a stored batch; null for any other. */
  #missing: 'source' | 'champion' | null = null;
  #uses = 'scoring';
  #rejected: string | null = null;

  constructor(name: string, health: Health, logger: Logger) {
    this.#name = name;
    this.#health = health;
    this.#logger = logger;
  }

  /** Nothing is scored, for a reason that may pass. */
  waits(reason: string): void {
    this.#set(false, reason);
    this.#logger.info({}, reason);
  }

  /** Listener of retries: a failed operation is tried again. */
  waitsAfter(what: string): (notice: RetryNotice) => void {
    return ({ error, failures, delayMs }) => {
      this.#set(false, `waiting: ${what}: ${messageOf(error)}`);
      this.#logger.warn({ err: error, failures, delayMs }, `waiting: ${what}`);
    };
  }

  /** Listener of retries: the source failed and is opened again. */
  get sourceFailed(): (notice: RetryNotice) => void {
    const listener = this.waitsAfter('the source failed');
    return (notice) => {
      listener(notice);
      this.#missing = 'source';
    };
  }

  /** The source is read, or would be if it had records: a failure of the source is over. */
  reads(): void {
    if (this.#missing === 'source') this.#setScoring();
  }

  /** The champion is gone, and there is no other. */
  gone(): void {
    this.waits('waiting: the champion is gone: train another with flowline train');
    this.#missing = 'champion';
  }

  /** A model is taken over. */
  uses(model: Champion): void {
    this.#uses = scoringDetail(model);
    this.#rejected = null;
    if (this.#isScoring || this.#missing === 'champion') this.#setScoring();
  }

  /** A champion cannot be used; the current model, if any, stays. */
  rejects(version: number, error: unknown): void {
    this.#rejected = `model version ${version} cannot be used: ${messageOf(error)}`;
    if (this.#isScoring) this.#setScoring();
  }

  /** Events are scored, or would be if there were any. */
  scores(): void {
    if (!this.#isScoring) this.#setScoring();
  }

  /** The run ends with an error that does not pass by itself. */
  failed(error: unknown): void {
    this.#health.set(`detector ${this.#name}`, { healthy: false, ready: false, detail: messageOf(error) });
  }

  #setScoring(): void {
    this.#set(true, this.#rejected === null ? this.#uses : `${this.#uses}; ${this.#rejected}`);
  }

  #set(ready: boolean, detail: string): void {
    this.#isScoring = ready;
    this.#missing = null;
    this.#health.set(`detector ${this.#name}`, { healthy: true, ready, detail });
  }
}

/** Describes the scoring model, and why it is not all that the definition in force asks for. */
function scoringDetail({ name, modelVersion, detector, outdated, fdr, alphaNote }: Champion): string {
  const control =
    fdr === null
      ? `alpha ${Number(detector.alpha.toPrecision(3))}`
      : `false discovery rate ${Number(fdr.toPrecision(3))}`;
  const scores = `scoring with model version ${modelVersion}, ${control}`;
  const reasons = [
    ...(outdated === null
      ? []
      : [
          `${outdated.changes.join(', ')} of definition version ${outdated.version} wait for a model trained for them ` +
            `(\`flowline status ${name}\` says when)`,
        ]),
    ...(alphaNote === null ? [] : [`alpha is the model's own: ${alphaNote}`]),
  ];
  return [scores, ...reasons].join('; ');
}
