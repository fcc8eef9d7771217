import { FlowlineError } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { toFlowlineError } from './database-error.ts';

const withCode = (code: string, message = 'refused') => Object.assign(new Error(message), { code });

describe('toFlowlineError', () => {
  it.each([
    ['ECONNREFUSED', 'FLOWLINE_DATABASE_UNREACHABLE', true],
    ['ECONNRESET', 'FLOWLINE_DATABASE_UNREACHABLE', true],
    ['08006', 'FLOWLINE_DATABASE_UNREACHABLE', true],
    ['57P01', 'FLOWLINE_DATABASE_UNREACHABLE', true],
    ['57P03', 'FLOWLINE_DATABASE_UNREACHABLE', true],
    ['53300', 'FLOWLINE_DATABASE_UNREACHABLE', true],
    ['28P01', 'FLOWLINE_DATABASE_UNREACHABLE', false],
    ['3D000', 'FLOWLINE_DATABASE_UNREACHABLE', false],
    ['25006', 'FLOWLINE_DATABASE_FAILED', true],
    ['53100', 'FLOWLINE_DATABASE_FAILED', true],
    ['40001', 'FLOWLINE_DATABASE_FAILED', true],
    ['40P01', 'FLOWLINE_DATABASE_FAILED', true],
    ['57014', 'FLOWLINE_DATABASE_FAILED', true],
    ['42501', 'FLOWLINE_DATABASE_FAILED', false],
    ['23505', 'FLOWLINE_DATABASE_FAILED', false],
    ['42P01', 'FLOWLINE_DATABASE_NOT_MIGRATED', false],
    ['3F000', 'FLOWLINE_DATABASE_NOT_MIGRATED', false],
  ])('says of %s: %s, retryable %s', (code, expected, retryable) => {
    const error = toFlowlineError(withCode(code), 'db:5432/flowline');
    expect(error).toMatchObject({ code: expected, retryable, where: 'db:5432/flowline' });
    expect(error).toMatchObject({ remedy: expect.stringMatching(/\.$/), message: expect.stringContaining('refused') });
  });

  it('passes on what the server hints at', () => {
    const hinted = Object.assign(withCode('P0001'), { hint: 'Drop it first.' });
    expect(toFlowlineError(hinted, 'db')).toMatchObject({ remedy: 'Drop it first.' });
  });

  it.each(['Connection terminated unexpectedly', 'timeout exceeded when trying to connect'])(
    'knows a lost connection by "%s"',
    (message) => {
      expect(toFlowlineError(new Error(message), 'db')).toMatchObject({
        code: 'FLOWLINE_DATABASE_UNREACHABLE',
        retryable: true,
      });
    },
  );

  it('tells what each address of a name answered', () => {
    const both = Object.assign(new AggregateError([new Error('refused ::1'), new Error('refused 127.0.0.1')]), {
      code: 'ECONNREFUSED',
    });
    expect(toFlowlineError(both, 'localhost')).toMatchObject({
      message: expect.stringContaining('refused ::1; refused 127.0.0.1'),
    });
  });

  it.each([
    new TypeError('x is undefined'),
    new FlowlineError('FLOWLINE_ABORTED', 'stop'),
    withCode('ERR_ASSERTION'),
    null,
  ])('gives back %p, which is not the database’s, as it is', (error) => {
    expect(toFlowlineError(error, 'db')).toBe(error);
  });
});
