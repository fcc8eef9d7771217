declare module 'kafkajs/src/protocol/encoder.js' {
  /** Bytes of Kafka's protocol, written one value after the other. */
  export default class Encoder {
    writeBoolean(value: boolean): this;
    writeBuffer(value: Buffer): this;
    writeUVarInt(value: number): this;
    writeUVarIntString(value: string): this;
  }
}

declare module 'kafkajs/src/protocol/decoder.js' {
  /** Values of Kafka's protocol, read one after the other. */
  export default class Decoder {
    constructor(bytes: Buffer);
    readBytes(length: number): Buffer;
    readInt16(): number;
    readInt32(): number;
    readTaggedFields(): unknown;
    readUVarInt(): number;
    readUVarIntString(): string | null;
    readInt64(): { toString(): string };
    readString(): string;
  }
}

declare module 'kafkajs/src/protocol/error.js' {
  /** The error of a code that a broker has answered with. */
  export function createErrorFromCode(code: number): Error;
}
