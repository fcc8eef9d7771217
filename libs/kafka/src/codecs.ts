import zstd from '@mongodb-js/zstd';
import kafkajs from 'kafkajs';
import snappy from 'kafkajs-snappy';

const ZSTD_LEVEL = 3;

/**
 * Adds snappy and zstd compression to kafkajs, which has gzip built in. Reading does not use these
 * codecs but {@link decodeFetchesHere}. Idempotent.
 */
export function installCodecs(): void {
  // kafkajs does not expose the codecs as named exports to ES modules.
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  CompressionCodecs[CompressionTypes.Snappy] = snappy;
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: (encoder: { readonly buffer: Buffer }) => zstd.compress(encoder.buffer, ZSTD_LEVEL),
    decompress: (buffer: Buffer) => zstd.decompress(buffer),
  });
}
