import { FlowlineError, messageOf } from '@flowline/events';

/** Descriptions of the errors of files, and remedies, by code. */
const REASONS: Readonly<Record<string, readonly [reason: string, remedy: string]>> = {
  ENOENT: ['there is no such file', 'Check the path.'],
  ENOTDIR: ['a part of the path is not a folder', 'Check the path.'],
  EISDIR: ['it is a folder', 'Name a file in it.'],
  EACCES: ['permission denied', 'Check the permissions of the file and of its folders.'],
  ENAMETOOLONG: ['the name is too long', 'Check the path.'],
  Z_BUF_ERROR: ['its gzip compression ends too early', 'The file is cut off: copy or download it again.'],
  Z_DATA_ERROR: ['its gzip compression is damaged', 'Copy or download the file again.'],
  ERR_BUFFER_TOO_LARGE: ['it is too large to be decompressed in memory', 'Decompress it first: gunzip.'],
};

/**
 * Error for a file that cannot be read, from the error that says why; one of ours as it is.
 */
export function unreadable(file: string, cause: unknown): FlowlineError {
  if (cause instanceof FlowlineError) return cause;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  const known = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  const [reason, remedy] = known ?? [messageOf(cause), 'Check that it is complete, and the right file.'];
  return new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${file} cannot be read: ${reason}.`, {
    where: file,
    remedy,
    cause,
  });
}
