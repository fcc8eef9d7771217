import { writeFile } from 'node:fs/promises';

import type { StoredModel } from '@flowline/db';
import type { Command } from 'commander';

import { alphaOfStored } from '../alpha-of-stored.ts';
import { action, command } from '../command.ts';
import { formatNumber, printResult } from '../output.ts';
import { storedModel } from '../stored-model.ts';
import { withDatabase } from '../with-database.ts';

interface ExportOptions {
  readonly json?: true;
  readonly version?: string;
  readonly output?: string;
}

/**
 * `flowline models export DETECTOR`: writes a model to a file, with the alpha of the definition in
 * force.
 */
export function exportCommand(): Command {
  return command(
    'export <detector>',
    'Write a model to a file, with which `flowline score --model` needs no database.',
    [
      'flowline models export checkout-latency',
      'flowline models export checkout-latency --version 3 --output v3.safetensors',
    ],
  )
    .option('--version <version>', 'default: the champion')
    .option('--output <file>', 'default: <detector>-<version>.safetensors')
    .action(
      action(async (detector: string, options: ExportOptions) => {
        const model = await storedModel(detector, options.version);
        const { alpha, note } = await withDatabase((db) => alphaOfStored(db, model));
        const { bytes, sha256 } = await withAlpha(model, alpha);
        const file = options.output ?? `${detector}-${model.version}.safetensors`;
        await writeFile(file, bytes);
        printResult(
          { detector, version: model.version, file, sha256, alpha, alphaNote: note },
          options.json === true,
          (result) =>
            [
              `${detector}, model version ${result.version}: ${file} (alpha ${formatNumber(alpha)})`,
              ...(note === null ? [] : [`  ! alpha is the model's own: ${note}`]),
            ].join('\n'),
        );
      }),
    );
}

/** File of a model with the given alpha: the stored bytes if they have it already. */
async function withAlpha(
  model: StoredModel,
  alpha: number,
): Promise<{ readonly bytes: Uint8Array; readonly sha256: string }> {
  const { bundleSha256, loadBundle, saveBundle } = await import('@flowline/detector');
  const bundle = loadBundle(model.bytes, model.sha256);
  if (bundle.metadata.alpha === alpha) return { bytes: model.bytes, sha256: model.sha256 };
  const bytes = saveBundle({ ...bundle, metadata: { ...bundle.metadata, alpha } });
  return { bytes, sha256: bundleSha256(bytes) };
}
