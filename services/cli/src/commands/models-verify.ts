import { readDefinition } from '@flowline/config';
import { getDetectorVersion } from '@flowline/db';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { formatCount, printResult } from '../output.ts';
import { parseCount } from '../parse-options.ts';
import { storedModel } from '../stored-model.ts';
import { withDatabase } from '../with-database.ts';

interface VerifyOptions {
  readonly json?: true;
}

const PROBE_ROWS = 16;

/**
 * `flowline models verify DETECTOR [VERSION]`: verifies the checksum, loads the model and scores a
 * probe on the reference backend.
 */
export function verifyCommand(): Command {
  return command(
    'verify <detector> [version]',
    'Check a stored model: its checksum, that it loads, and that it scores.',
    ['flowline models verify checkout-latency', 'flowline models verify checkout-latency 7'],
  ).action(
    action(async (detector: string, text: string | undefined, options: VerifyOptions) => {
      if (text !== undefined) parseCount('[version]', text);
      const stored = await storedModel(detector, text);
      const { features } = await withDatabase(async (db) => {
        const { definition } = await getDetectorVersion(db, detector, stored.detectorVersion);
        return readDefinition(definition, `${detector}, version ${stored.detectorVersion}`);
      });
      const { Detector, loadBundle } = await import('@flowline/detector');
      const bundle = loadBundle(stored.bytes, stored.sha256, features);
      const verified = await Detector.create(bundle, { alpha: stored.alpha, backend: 'reference' });
      try {
        const { encoding } = bundle;
        const middle = new Float32Array(PROBE_ROWS * (encoding.dimensions + encoding.contextWidth));
        const probe = encoding.decode(middle, PROBE_ROWS);
        const scores = await verified.score({ ...probe, levels: probe.levels.map((level) => level ?? 'true') });
        const valid = scores.logDensityNats.every(Number.isFinite);
        const result = { detector, version: stored.version, sha256: stored.sha256, bytes: stored.bytes.length, valid };
        printResult(result, options.json === true, () => {
          const what = `${detector}, model version ${stored.version}: ${formatCount(stored.bytes.length)} bytes`;
          return `${what}, checksum and format are right; a probe ${valid ? 'is scored' : 'HAS NO FINITE SCORE'}`;
        });
        return valid ? 0 : 3;
      } finally {
        verified.dispose();
      }
    }),
  );
}
