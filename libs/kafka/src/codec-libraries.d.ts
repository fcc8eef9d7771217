declare module 'lz4js' {
  const lz4: {
    /** Unpacks a block into `to`; returns its length, of which nothing beyond the end of `to` is kept. */
    decompressBlock(from: Uint8Array, to: Uint8Array, fromAt: number, fromLength: number, toAt: number): number;
    /** Packs bytes into a frame. */
    compress(bytes: Uint8Array): Uint8Array;
  };
  export default lz4;
}

declare module 'snappyjs' {
  const snappy: { uncompress(block: Buffer): Uint8Array; compress(bytes: Buffer): Uint8Array };
  export default snappy;
}
