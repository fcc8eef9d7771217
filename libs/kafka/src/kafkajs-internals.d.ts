declare module 'kafkajs/src/network/requestQueue/index.js' {
  /** Request queue of one connection: requests sent, and requests that wait. */
  export default class RequestQueue {
    readonly pending: readonly unknown[];
    /** Time in milliseconds until which the broker accepts no requests, or −1. */
    readonly throttledUntil: number;
    scheduleCheckPendingRequests: (this: RequestQueue) => void;
  }
}

declare module 'kafkajs/src/protocol/messageSet/decoder.js' {
  import type Decoder from 'kafkajs/src/protocol/decoder.js';

  /** Decodes messages of the formats before Kafka 0.11. */
  export default function decodeMessageSet(
    decoder: Decoder,
    bytes: number,
  ): Promise<
    readonly {
      readonly offset: string;
      readonly timestamp?: string;
      readonly key: Buffer | null;
      readonly value: Buffer | null;
    }[]
  >;
}

declare module 'kafkajs/src/protocol/requests/fetch/index.js' {
  interface FetchOptions {
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly fetchOffset: string | number }[];
    }[];
  }
  interface Call {
    readonly response: { readonly decode: (bytes: Buffer) => Promise<unknown> };
  }
  const requests: {
    protocol: (at: { readonly version: number }) => (options: FetchOptions) => Call;
  };
  export default requests;
}
