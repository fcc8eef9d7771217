import { describe, expect, it } from '@jest/globals';

import { freshAnswers } from './fresh-answers.ts';

describe('freshAnswers', () => {
  it('gives each caller an answer that was asked for after it called, and asks once at a time', async () => {
    const answers: ((value: number) => void)[] = [];
    const ask = freshAnswers(() => new Promise<number>((resolve) => answers.push(resolve)));
    const first = ask();
    const meanwhile = [ask(), ask()];
    expect(answers).toHaveLength(1);
    answers[0]?.(1);
    expect(await first).toBe(1);
    await Promise.resolve();
    expect(answers).toHaveLength(2);
    const later = ask();
    answers[1]?.(2);
    expect(await Promise.all(meanwhile)).toEqual([2, 2]);
    answers[2]?.(3);
    expect(await later).toBe(3);
  });

  it('asks again after a failure, which only those get that waited for it', async () => {
    let asked = 0;
    const ask = freshAnswers(() => (++asked === 1 ? Promise.reject(new Error('away')) : Promise.resolve(asked)));
    const [first, meanwhile] = [ask(), ask()];
    await expect(first).rejects.toThrow('away');
    expect(await meanwhile).toBe(2);
    expect(await ask()).toBe(3);
  });
});
