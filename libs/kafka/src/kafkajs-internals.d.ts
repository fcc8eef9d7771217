declare module 'kafkajs/src/network/requestQueue/index.js' {
  /** The requests of one connection: those that were sent, and those that wait. */
  export default class RequestQueue {
    readonly pending: readonly unknown[];
    /** Milliseconds of the clock until which the broker wants none, or −1. */
    readonly throttledUntil: number;
    scheduleCheckPendingRequests: (this: RequestQueue) => void;
  }
}
