import { championVersion, type Database, loadChampion } from '@flowline/db';
import { loadBundle, type ModelBundle } from '@flowline/detector';
import { FlowlineError } from '@flowline/events';
import type { Logger } from '@flowline/telemetry';

/** Champion of a detector, as far as this release can read it. */
export type Champion =
  | { readonly version: number; readonly bundle: ModelBundle; readonly sha256: string }
  | { readonly version: number; readonly bundle: null; readonly code: string };

/**
 * Reads the champion of a detector. One that this release cannot read is logged, and has no bundle.
 * @returns null if there is no champion.
 */
export async function readChampion(db: Database, logger: Logger, detector: string): Promise<Champion | null> {
  const version = await championVersion(db, detector);
  if (version === null) return null;
  try {
    const { bytes, sha256, version: loaded } = await loadChampion(db, detector);
    return { version: loaded, bundle: loadBundle(bytes, sha256), sha256 };
  } catch (error) {
    if (!(error instanceof FlowlineError) || !/^FLOWLINE_MODEL_(INCOMPATIBLE|CORRUPTED)$/.test(error.code)) throw error;
    logger.warn({ err: error, champion: version }, 'the champion cannot be read');
    return { version, bundle: null, code: error.code };
  }
}
