import type { FeatureSpec } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { checkHeader } from './check-header.ts';

const feature = (name: string, nullable: boolean): FeatureSpec => ({
  name,
  type: 'real',
  from: name,
  role: 'score',
  nullable,
  maxLevels: 64,
  period: null,
});
const schema = [feature('temp', false), feature('wind_speed', true)];
const kinds = new Map([
  ['temp', 'number'],
  ['wind_speed', 'number'],
] as const);
const check = (...header: string[]) =>
  checkHeader(header, { file: 'f.csv', model: { schema }, kinds, others: ['ts', 'id'], delimiter: ',' });

describe('checkHeader', () => {
  it('takes the fields of the model in any order, beside others', () => {
    expect(check('id', 'wind_speed', 'note', 'temp')).toEqual([]);
  });

  it('does not take a renamed column for missing values', () => {
    expect(() => check('temp', 'windspeed')).toThrow(/lacks "wind_speed" \(is "windspeed" meant\?\)/);
    expect(() => check('temp', ' wind_speed')).toThrow(/is " wind_speed" meant/);
  });

  it('warns of a nullable feature that the file does not have', () => {
    expect(check('temp')).toEqual([expect.stringContaining('no column "wind_speed"')]);
  });

  it('refuses what cannot be scored: a needed column, another separator', () => {
    expect(() => check('wind_speed')).toThrow(/lacks "temp"/);
    expect(() => check('temp;wind_speed')).toThrow(/separated by ';'/);
    expect(() => check('temp\twind_speed')).toThrow(/none of its columns/);
  });
});
