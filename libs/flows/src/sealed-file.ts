import { createHash } from 'node:crypto';

import { FlowError } from './flow-error.ts';
import { littleEndianBytes } from './little-endian.ts';
import type { SafeTensor } from './safetensors.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';

/** Kind of a sealed file. Readers reject every other format and version. */
export interface FileKind {
  readonly format: string;
  readonly version: number;
  /** Function that writes such files, named in the error for a foreign file. */
  readonly writtenBy: string;
}

/** Content of a sealed file: JSON text, and tensors by name. */
export interface SealedContent {
  readonly config: string;
  readonly tensors: ReadonlyMap<string, SafeTensor>;
}

/**
 * Encodes a safetensors file with, in `__metadata__`, its format and version, a JSON text, and the
 * SHA-256 of that text and the tensors. The same content gives the same bytes.
 */
export function sealFile({ format, version }: FileKind, { config, tensors }: SealedContent): Uint8Array {
  return encodeSafetensors(Object.fromEntries(tensors), {
    format,
    version: String(version),
    config,
    sha256: checksum(config, tensors),
  });
}

/**
 * Content of a file that `sealFile` wrote. Throws FLOWLINE_MODEL_CORRUPTED for damaged bytes,
 * FLOWLINE_MODEL_INCOMPATIBLE for a file of another kind.
 */
export function openSealedFile(kind: FileKind, bytes: Uint8Array): SealedContent {
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (metadata.format !== kind.format) {
    throw new FlowError(
      'FLOWLINE_MODEL_INCOMPATIBLE',
      `found format ${JSON.stringify(metadata.format ?? null)}, expected '${kind.format}'`,
      { where: '__metadata__.format', remedy: `Pass a file that ${kind.writtenBy} wrote.` },
    );
  }
  if (metadata.version !== String(kind.version)) {
    throw new FlowError(
      'FLOWLINE_MODEL_INCOMPATIBLE',
      `found format version ${metadata.version ?? 'none'}, expected ${kind.version}`,
      { where: '__metadata__.version', remedy: 'Load it with the release that wrote it, or train again.' },
    );
  }
  const config = metadata.config ?? '';
  if (metadata.sha256 !== checksum(config, tensors)) {
    throw new FlowError('FLOWLINE_MODEL_CORRUPTED', 'the checksum does not match configuration and tensors', {
      where: '__metadata__.sha256',
      remedy: 'Restore the file from where it was written.',
    });
  }
  return { config, tensors };
}

function checksum(config: string, tensors: ReadonlyMap<string, SafeTensor>): string {
  const hash = createHash('sha256').update(config);
  for (const [name, tensor] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const values = littleEndianBytes(new Float64Array(tensor.data));
    hash.update(JSON.stringify([name, tensor.dtype, tensor.shape])).update(values);
  }
  return hash.digest('hex');
}
