declare module 'kafkajs/src/protocol/encoder.js' {
  /** Writer for values of the Kafka protocol. */
  export default class Encoder {
    writeBoolean(value: boolean): this;
    writeBuffer(value: Buffer): this;
    writeUVarInt(value: number): this;
    writeUVarIntString(value: string): this;
  }
}

declare module 'kafkajs/src/protocol/decoder.js' {
  /** Reader for values of the Kafka protocol. */
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
  /** Creates the error for an error code in a broker's response. */
  export function createErrorFromCode(code: number): Error;
}
