import { readDefinition } from '@flowline/config';
import { getDetector, type StoredModel } from '@flowline/db';
import type { BundleMetadata } from '@flowline/detector';
import { alphaOfStored } from '@flowline/operations';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { formatNumber, printResult } from '../output.ts';
import { writeOutput } from '../output-file.ts';
import { storedModel } from '../stored-model.ts';
import { withDatabase } from '../with-database.ts';

interface ExportOptions {
  readonly json?: true;
  readonly output?: string;
}

/**
 * `flowline models export DETECTOR`: writes a model to a file, with the alpha of the definition in
 * force.
 */
export function exportCommand(): Command {
  return command(
    'export <detector> [version]',
    'Write a model to a file, so that `flowline score --model` needs no database.',
    ['flowline models export checkout-latency', 'flowline models export checkout-latency 3 --output v3.safetensors'],
  )
    .option('-o, --output <file>', 'default: <detector>-<version>.safetensors')
    .action(
      action(async (detector: string, version: string | undefined, options: ExportOptions) => {
        const model = await storedModel(detector, version);
        const { alpha, note, event } = await withDatabase(async (db) => {
          const { definition, version: inForce } = await getDetector(db, detector);
          const { source } = readDefinition(definition, `${detector}, version ${inForce}`);
          return { ...(await alphaOfStored(db, model)), event: { time: source.time, eventId: source.eventId } };
        });
        const { bytes, sha256 } = await exported(model, { alpha, event });
        const file = options.output ?? `${detector}-${model.version}.safetensors`;
        await writeOutput(file, bytes);
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

/** File of a model that is read without its detector's definition: with its alpha and fields. */
async function exported(
  model: StoredModel,
  more: Pick<Required<BundleMetadata>, 'alpha' | 'event'>,
): Promise<{ readonly bytes: Uint8Array; readonly sha256: string }> {
  const { bundleSha256, loadBundle, saveBundle } = await import('@flowline/detector');
  const bundle = loadBundle(model.bytes, model.sha256);
  const bytes = saveBundle({ ...bundle, metadata: { ...bundle.metadata, ...more } });
  return { bytes, sha256: bundleSha256(bytes) };
}
