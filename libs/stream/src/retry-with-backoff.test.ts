import { FlowlineError } from '@flowline/events';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { TestScheduler } from 'rxjs/testing';

import { retryWithBackoff, type RetryNotice } from './retry-with-backoff.ts';

const away = new FlowlineError('FLOWLINE_DATABASE_UNREACHABLE', 'away', { retryable: true });
const wrong = new FlowlineError('FLOWLINE_DATABASE_FAILED', 'wrong');

describe('retryWithBackoff', () => {
  let scheduler: TestScheduler;
  beforeEach(() => {
    scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  });
  const steady = { initialDelayMs: 10, maxDelayMs: 25, random: () => 0 };

  it('passes values and completion through', () => {
    scheduler.run(({ cold, expectObservable }) => {
      expectObservable(cold('a-b-|').pipe(retryWithBackoff(steady))).toBe('a-b-|');
    });
  });

  it('subscribes again after delays that double up to the bound', () => {
    scheduler.run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('#', {}, away);
      expectObservable(source.pipe(retryWithBackoff(steady)), '^ 85ms !').toBe('');
      expectSubscriptions(source.subscriptions).toBe(['(^!)', '10ms (^!)', '30ms (^!)', '55ms (^!)', '80ms (^!)']);
    });
  });

  it('starts over with short delays after a value', () => {
    scheduler.run(({ cold, expectObservable }) => {
      const source = cold('a#', undefined, away);
      expectObservable(source.pipe(retryWithBackoff(steady)), '^ 30ms !').toBe('a 10ms a 10ms a');
    });
  });

  it('does not retry what will not pass', () => {
    scheduler.run(({ cold, expectObservable }) => {
      expectObservable(cold('-#', {}, wrong).pipe(retryWithBackoff(steady))).toBe('-#', {}, wrong);
      expectObservable(cold('-#', {}, new Error('bug')).pipe(retryWithBackoff(steady))).toBe(
        '-#',
        {},
        new Error('bug'),
      );
    });
  });

  it('tells of each failure with its delay, shortened by at most half', () => {
    const notices: RetryNotice[] = [];
    scheduler.run(({ cold, expectObservable }) => {
      const options = { ...steady, random: () => 0.5, onRetry: (notice: RetryNotice) => void notices.push(notice) };
      expectObservable(cold('#', {}, away).pipe(retryWithBackoff(options)), '^ 20ms !').toBe('');
    });
    expect(notices).toEqual([
      { error: away, failures: 1, delayMs: 8 },
      { error: away, failures: 2, delayMs: 15 },
    ]);
  });
});
