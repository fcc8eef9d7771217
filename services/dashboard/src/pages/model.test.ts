import { describe, expect, it } from '@jest/globals';

import { lineageOf } from './model.ts';

const all = [{ sha256: 'a'.repeat(64), version: 3 }];

describe('the lineage of a model', () => {
  it('names the model of its weights, or that was calibrated again', () => {
    expect(lineageOf({ manifest: {} }, all)).toBe('new weights');
    expect(lineageOf({ manifest: { startedFrom: 'a'.repeat(64) } }, all)).toBe('weights of model 3');
    expect(lineageOf({ manifest: { recalibratedFrom: 'a'.repeat(64) } }, all)).toBe('model 3, calibrated again');
  });

  it('says so where that model is no longer listed', () => {
    expect(lineageOf({ manifest: { startedFrom: 'b'.repeat(64) } }, all)).toBe(
      'weights of an earlier model (bbbbbbbb)',
    );
  });
});
