import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { Plan } from './plan/plan.ts';
import { createWasmScorer } from './targets/wasm/runtime/wasm.ts';
import { webAssembly } from './targets/wasm/runtime/web-assembly.ts';
import { randomPlan, randomRows, typicalShape } from './testing/random-plan.ts';
import { Random } from '@flowline/flows';

const smallPlan = (seed: number): Plan => randomPlan({ ...typicalShape, hidden: [8], couplings: 2, seed });

describe('FLOWLINE_ENGINE_DUMP', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'flowline-dump-'));
    process.env.FLOWLINE_ENGINE_DUMP = path.join(folder, 'new');
  });
  afterEach(() => {
    delete process.env.FLOWLINE_ENGINE_DUMP;
    rmSync(folder, { recursive: true });
  });

  it('gets the plan and the modules of every model that is compiled', async () => {
    const plan = smallPlan(1);
    const scorer = await createWasmScorer(plan);
    await scorer.gradient(randomRows(plan, 3, new Random(1)), 3);
    await createWasmScorer(smallPlan(2));
    const into = process.env.FLOWLINE_ENGINE_DUMP!;
    const names = readdirSync(into).map((name) => name.replace(/^[\da-f]{12}\./, ''));
    expect(names.sort()).toEqual(['gradient.wasm', 'plan.json', 'plan.json', 'score.wasm', 'score.wasm']);
    for (const name of readdirSync(into)) {
      const content = readFileSync(path.join(into, name));
      if (name.endsWith('.wasm')) expect(webAssembly.validate(content)).toBe(true);
      else expect(JSON.parse(content.toString())).toMatchObject({ features: 10, base: { type: 'normal' } });
    }
  });

  it('is an error that names the variable if it cannot be written', async () => {
    writeFileSync(process.env.FLOWLINE_ENGINE_DUMP!, '');
    await expect(createWasmScorer(smallPlan(3))).rejects.toMatchObject({
      code: 'FLOWLINE_USAGE',
      where: 'FLOWLINE_ENGINE_DUMP',
    });
  });
});
