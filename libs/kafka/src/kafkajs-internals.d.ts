declare module 'kafkajs/src/network/requestQueue/index.js' {
  /** The requests of one connection: those that were sent, and those that wait. */
  export default class RequestQueue {
    readonly pending: readonly unknown[];
    /** Milliseconds of the clock until which the broker wants none, or −1. */
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
