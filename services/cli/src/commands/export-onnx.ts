import { FlowlineError } from '@flowline/events';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { formatCount, printResult, printWarning } from '../output.ts';
import { checkOutput, writeOutput } from '../output-file.ts';
import { readModelFile } from '../score/model-file.ts';
import { storedModel } from '../stored-model.ts';

interface ExportOnnxOptions {
  readonly json?: true;
  readonly model?: string;
  readonly output?: string;
}

/** `flowline export-onnx`: writes a trained detector as a standard ONNX model. */
export function exportOnnxCommand(): Command {
  return command(
    'export-onnx [detector] [version]',
    'Write a trained detector as an ONNX model: the values of its features in, log p(event) out.',
    [
      'flowline export-onnx checkout-latency',
      'flowline export-onnx checkout-latency 3 --output v3.onnx',
      'flowline export-onnx --model model.safetensors',
    ],
  )
    .option('--model <file>', 'a model file (see `flowline models export`); needs no database')
    .option('-o, --output <file>', 'default: <detector>.onnx')
    .action(
      action(async (detector: string | undefined, version: string | undefined, options: ExportOnnxOptions) => {
        const { exportOnnx, loadBundle } = await import('@flowline/detector');
        const { bytes, sha256 } = await modelOf(detector, version, options.model);
        const bundle = loadBundle(bytes, sha256);
        const file = options.output ?? `${bundle.metadata.detector}.onnx`;
        await checkOutput(file, options.model === undefined ? [] : [options.model]);
        const onnx = await exportOnnx(bundle);
        await writeOutput(file, onnx);
        const inputs = bundle.schema.map(({ name }) => name);
        if (bundle.statistic !== null) {
          printWarning(
            `The detector decides by the test ${bundle.statistic.test}. The file has its log density only: neither the rest of the test nor p-values.`,
          );
        }
        printResult(
          { detector: bundle.metadata.detector, file, bytes: onnx.length, inputs, output: 'logDensity' },
          options.json === true,
          (result) =>
            `${result.file}: ${formatCount(result.bytes)} bytes; inputs ${inputs.join(', ')}; output logDensity`,
        );
      }),
    );
}

async function modelOf(
  detector: string | undefined,
  version: string | undefined,
  model: string | undefined,
): Promise<{ readonly bytes: Uint8Array; readonly sha256: string | undefined }> {
  if (detector === undefined && model !== undefined) return { bytes: await readModelFile(model), sha256: undefined };
  if (detector !== undefined && model === undefined) return storedModel(detector, version);
  throw new FlowlineError('FLOWLINE_USAGE', 'Expected either a detector or --model.', {
    where: 'flowline export-onnx',
    remedy: 'Name a detector of the database, or a model file.',
  });
}
