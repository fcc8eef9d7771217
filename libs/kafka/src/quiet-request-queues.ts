import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

const schedule = RequestQueue.prototype.scheduleCheckPendingRequests;

/**
 * Stops the polling of idle connections. From its first response on, kafkajs 2.2.4 checks an open
 * connection every millisecond for waiting requests, with a timeout in the past that Node ≥ 23
 * warns about. If no request waits, the check is needless: the next request triggers its own.
 * Idempotent.
 */
export function quietRequestQueues(): void {
  RequestQueue.prototype.scheduleCheckPendingRequests = scheduleWherePending;
}

function scheduleWherePending(this: RequestQueue): void {
  if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
}
