import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { initBackend, Random } from '@flowline/flows';

import { exportFlow } from './flow.ts';
import { lowerFlow } from '../../lower/flow.ts';
import { interpret } from '../reference/interpreter.ts';
import { familyCases } from '../../testing/family-cases.ts';
import { startOnnxChild } from '../../testing/onnx-child.ts';
import { randomizeWeights } from '../../testing/random-flow.ts';
import { randomRows } from '../../testing/random-plan.ts';
import { errorInTolerances } from '../../select/tolerance.ts';

const ort = await startOnnxChild();
afterAll(() => ort?.stop());

(ort === null ? describe.skip : describe)('an exported flow', () => {
  beforeAll(() => initBackend('cpu'));

  it.each(familyCases)('$name: onnxruntime scores it as the reference does', async ({ make, size }) => {
    for (const presence of [[null, null, 2, null, 2], undefined]) {
      const context = presence === undefined ? 0 : 3;
      const flow = make({ features: 5, context, ...(presence === undefined ? {} : { presence }), seed: 1 });
      randomizeWeights(flow, 2, size);
      const [plan, model] = [lowerFlow(flow), exportFlow(flow)];
      flow.dispose();
      const n = 30;
      const width = 5 + context;
      const rows = randomRows(plan, n, new Random(3));
      const part = (from: number, columns: number): Float32Array =>
        Float32Array.from(
          { length: n * columns },
          (_, i) => rows[Math.floor(i / columns) * width + from + (i % columns)]!,
        );
      const float = (data: Float32Array, columns: number) => ({ type: 'float32' as const, data, dims: [n, columns] });
      const { logDensity } = await ort!.ask({
        model,
        feeds: {
          x: float(part(0, 5), 5),
          ...(context === 0 ? {} : { context: float(part(5, context), context) }),
        },
      });
      expect(logDensity!.dims).toEqual([n, 1]);
      for (let i = 0; i < n; i++) {
        const exact = interpret(plan, rows.subarray(i * width, (i + 1) * width)).score;
        expect(errorInTolerances(Number(logDensity!.data[i]), exact)).toBeLessThanOrEqual(1);
      }
    }
  });
});
