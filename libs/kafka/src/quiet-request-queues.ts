import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

const schedule = RequestQueue.prototype.scheduleCheckPendingRequests;

/**
 * Lets connections rest. kafkajs 2.2.4 looks every millisecond whether requests wait in a connection, from its first answer on and for
 * as long as it is open, with a timeout in the past that Node ≥ 23 warns of. Where none waits there is nothing to look for: the next
 * request looks by itself. Idempotent.
 */
export function quietRequestQueues(): void {
  RequestQueue.prototype.scheduleCheckPendingRequests = scheduleWherePending;
}

function scheduleWherePending(this: RequestQueue): void {
  if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
}
