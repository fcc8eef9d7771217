import { randomUUID } from 'node:crypto';

import { FlowlineError } from '@flowline/events';

import type { Database } from './database.ts';
import { releaseTrainingLease, renewTrainingLease, takeTrainingLease } from './sql/training-leases.ts';
import { withTransaction } from './transaction.ts';

/** Options of a training lease. */
export interface LeaseOptions {
  /**
   * Duration of the lease without renewal (default 30,000 ms), and so the wait after a kill until
   * the next trainer may begin.
   */
  readonly leaseMs?: number;
}

const LEASE_MS = 30_000;
/** Renewals per lease duration: one or two database failures do not lose the lease. */
const RENEWALS = 6;

/**
 * Runs `work` while holding the detector's training lease, a row that is renewed regularly. The
 * lease needs no session of its own, so it works behind a pooler that shares connections. A trainer
 * that is killed, stopped or cut off stops renewing. After `leaseMs` another trainer can take over;
 * by then the signal has aborted the work here.
 * @throws FlowlineError FLOWLINE_TRAINING_BUSY at once if another trainer holds the lease; any
 * error of `work`, unchanged.
 */
export async function withTrainingLease<T>(
  db: Database,
  detector: string,
  work: (signal: AbortSignal) => Promise<T>,
  { leaseMs = LEASE_MS }: LeaseOptions = {},
): Promise<T> {
  const lease = { detector, holder: randomUUID(), leaseMs };
  const taken = await withTransaction(db, (client) => takeTrainingLease(client, lease));
  if (taken === null) throw busy(detector, leaseMs);
  const lost = new AbortController();
  const stopRenewing = keepRenewing(db, lease, lost);
  try {
    return await work(lost.signal);
  } finally {
    await stopRenewing();
    // A lease that cannot be released expires by itself.
    await withTransaction(db, (client) => releaseTrainingLease(client, lease)).catch(() => undefined);
  }
}

interface Lease {
  readonly detector: string;
  readonly holder: string;
  readonly leaseMs: number;
}

/**
 * Renews a lease until the returned function is called. Aborts if another trainer holds the lease,
 * or if it could not be renewed in time.
 */
function keepRenewing(db: Database, lease: Lease, lost: AbortController): () => Promise<void> {
  const { detector, leaseMs } = lease;
  let renewal: Promise<void> = Promise.resolve();
  let renewing = false;
  let heldUntilMs = performance.now() + leaseMs;
  const renew = async (): Promise<void> => {
    const askedMs = performance.now();
    try {
      const held = await withTransaction(db, (client) => renewTrainingLease(client, lease), { timeoutMs: leaseMs });
      if (held === null) lost.abort(leaseLost(detector));
      else heldUntilMs = askedMs + leaseMs;
    } catch (error) {
      if (performance.now() >= heldUntilMs) lost.abort(error);
    }
    renewing = false;
  };
  const timer = setInterval(() => {
    if (renewing || lost.signal.aborted) return;
    renewing = true;
    renewal = renew();
  }, leaseMs / RENEWALS);
  timer.unref();
  return () => {
    clearInterval(timer);
    return renewal;
  };
}

function busy(detector: string, leaseMs: number): FlowlineError {
  return new FlowlineError('FLOWLINE_TRAINING_BUSY', `Another trainer is already training ${detector}.`, {
    where: detector,
    remedy: `Wait for it; the table flowline.training_runs shows its progress. The lease of a killed trainer ends after ${leaseMs / 1000} s.`,
    retryable: true,
  });
}

function leaseLost(detector: string): FlowlineError {
  return new FlowlineError('FLOWLINE_ABORTED', `Another trainer has taken over the training of ${detector}.`, {
    where: detector,
    remedy: 'This one did not renew its lease in time; see `flowline.training_runs`.',
  });
}
