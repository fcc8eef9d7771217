import zstd from '@mongodb-js/zstd';
import kafkajs from 'kafkajs';
import snappy from 'kafkajs-snappy';

const ZSTD_LEVEL = 3;

/** Teaches kafkajs to write snappy and zstd (gzip is built in); records are read by {@link decodeFetchesHere}. Idempotent. */
export function installCodecs(): void {
  // Codecs are not among the names that kafkajs shows to ES modules.
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  CompressionCodecs[CompressionTypes.Snappy] = snappy;
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: (encoder: { readonly buffer: Buffer }) => zstd.compress(encoder.buffer, ZSTD_LEVEL),
    decompress: (buffer: Buffer) => zstd.decompress(buffer),
  });
}
