import { beforeAll, expect, it } from '@jest/globals';
import { fit, initBackend, realNVP } from '@flowline/flows';

import { REFERENCE, type ReferenceModel } from '../engine/reference-models.ts';
import type { Trainer } from './engines.ts';
import { CHECK, nllAfterCheckedSteps, StepTimer } from './steps.ts';

beforeAll(() => initBackend('wasm'));

const model = (): ReferenceModel => {
  const flow = realNVP({ ...REFERENCE, features: 2, layers: 2, hidden: [4], seed: 1 });
  const rows = Float32Array.from({ length: 2 * 512 }, (_, i) => Math.sin(i) + (i % 2));
  return { name: 'd10', flow, rows, width: 2, exact: new Float64Array(), operations: 0, onnx: new Uint8Array() };
};

it('times the steps of fit, which begin anew in every window', async () => {
  const taken: number[][] = [];
  const recorded: Trainer = (flow, data, options) => {
    taken.push([...flow.variables.values()].flatMap((parameter) => [...parameter.read()]));
    return fit(flow, data, options);
  };
  const timer = new StepTimer(recorded, model());
  expect(await timer.msPerStep(512, 1)).toBeGreaterThan(0);
  expect(await timer.msPerStep(512, 20)).toBeGreaterThan(0);
  expect(taken[1]).toEqual(taken[0]);
});

it('reports a training that ends before its steps are measured', async () => {
  const nothing: Trainer = () => Promise.resolve({} as Awaited<ReturnType<Trainer>>);
  await expect(new StepTimer(nothing, model()).msPerStep(512, 1)).rejects.toThrow(/before 1 steps of 512 rows/);
});

it('checks an engine by its NLL, which the steps move by more than the tolerance', async () => {
  const standing: Trainer = (flow, data, options) => fit(flow, data, { ...options, learningRate: 1e-12 });
  const [moved, still] = [await nllAfterCheckedSteps(fit, model()), await nllAfterCheckedSteps(standing, model())];
  expect(still - moved).toBeGreaterThan(2 * CHECK.tolerance);
});
