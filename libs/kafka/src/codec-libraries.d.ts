declare module 'lz4js' {
  const lz4: {
    /**
     * Decompresses a block into `to`. Returns its full length; anything beyond the end of `to` is
     * dropped.
     */
    decompressBlock(from: Uint8Array, to: Uint8Array, fromAt: number, fromLength: number, toAt: number): number;
    /** Compresses bytes into a frame. */
    compress(bytes: Uint8Array): Uint8Array;
  };
  export default lz4;
}

declare module 'snappyjs' {
  const snappy: { uncompress(block: Buffer): Uint8Array; compress(bytes: Buffer): Uint8Array };
  export default snappy;
}
