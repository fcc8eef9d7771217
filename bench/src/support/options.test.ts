import { describe, expect, it } from '@jest/globals';

import { parseBenchOptions } from './options.ts';

const parse = (...args: string[]) =>
  parseBenchOptions('demo', args, {
    steps: { value: 'N', meaning: 'training steps' },
    families: { value: 'A,B', meaning: 'the families' },
    peers: { meaning: 'run the peers too' },
  });
const families = ['maf', 'iaf', 'naf'] as const;

describe('options of a benchmark', () => {
  it('has a default for everything', () => {
    const options = parse();
    expect(options).toMatchObject({ quick: false, json: false });
    expect(options.has('peers')).toBe(false);
    expect(options.count('steps', undefined)).toBeUndefined();
    expect(options.among('families', families, ['maf'])).toEqual(['maf']);
  });

  it('reads switches, counts and lists', () => {
    const options = parse('--quick', '--json', '--peers', '--steps', '30', '--families=naf,iaf');
    expect(options).toMatchObject({ quick: true, json: true });
    expect(options.has('peers')).toBe(true);
    expect(options.count('steps', 5)).toBe(30);
    expect(options.among('families', families, ['maf'])).toEqual(['naf', 'iaf']);
    expect(parse('--families', 'all').among('families', families, [])).toEqual(families);
  });

  it('says which option it does not know, and all it takes', () => {
    const usage = { code: 'FLOWLINE_USAGE', where: 'bench demo' };
    expect(() => parse('--step', '3')).toThrow(
      expect.objectContaining({ ...usage, remedy: expect.stringContaining('--steps N (training steps)') }),
    );
    expect(() => parse('extra')).toThrow(expect.objectContaining(usage));
    for (const text of ['0', '1.5', 'many']) {
      expect(() => parse(`--steps=${text}`).count('steps', 1)).toThrow(expect.objectContaining(usage));
    }
    expect(() => parse('--families', 'maf,glow').among('families', families, [])).toThrow("found 'glow'");
  });
});
