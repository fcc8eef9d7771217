import { FlowlineError } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { reportError } from './report-error.ts';

function report(error: unknown, json: boolean) {
  const written = { stdout: '', stderr: '' };
  const code = reportError(error, json, {
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
  });
  return { code, ...written };
}

const missing = new FlowlineError('FLOWLINE_TOPIC_MISSING', 'The topic orders does not exist.', {
  where: 'localhost:9092',
  remedy: 'Create it.',
});

describe('reportError', () => {
  it('tells a person what, where and what to do', () => {
    expect(report(missing, false)).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error FLOWLINE_TOPIC_MISSING: The topic orders does not exist.\n  where:  localhost:9092\n  remedy: Create it.\n',
    });
  });

  it('shows what a terminal would obey as escapes, and texts of a bearable length', () => {
    const hostile = new FlowlineError('FLOWLINE_USAGE', `a\u001b[2J\n  b\r\u009b ${'x'.repeat(900_000)}`);
    const { stderr } = report(hostile, false);
    // eslint-disable-next-line no-control-regex -- the characters in question
    expect(stderr.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(stderr).toMatch(/^error FLOWLINE_USAGE: a\\u001b\[2J\n {2}b\\u000d\\u009b x+…\n$/);
    expect(stderr.length).toBeLessThan(20_000);
    expect(report(new FlowlineError('FLOWLINE_USAGE', 'a\u009b'), true).stdout).toContain('"a\\u009b"');
  });

  it('tells a program the same in one line of JSON', () => {
    const { code, stdout, stderr } = report(missing, true);
    expect({ code, stderr, parsed: JSON.parse(stdout) as unknown }).toEqual({
      code: 1,
      stderr: '',
      parsed: {
        error: {
          code: 'FLOWLINE_TOPIC_MISSING',
          message: 'The topic orders does not exist.',
          where: 'localhost:9092',
          remedy: 'Create it.',
          retryable: false,
        },
      },
    });
  });

  it('has exit code 2 for wrong usage', () => {
    expect(report(new FlowlineError('FLOWLINE_USAGE', 'x'), false).code).toBe(2);
  });

  it('says in words what the file system refused', () => {
    const fault = (fields: object) => report(Object.assign(new Error('EX: raw'), fields), false);
    expect(fault({ code: 'ENOENT', syscall: 'open', path: '/nope/x' })).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^error FLOWLINE_FILE_UNREADABLE: \/nope\/x cannot be read or written: there is no such file or folder\n/,
      ),
    });
    expect(fault({ code: 'ENOSPC', syscall: 'write' }).stderr).toContain('no space is left on the device');
    for (const other of [
      { code: 'ENOENT', syscall: 'spawn java', path: 'java' },
      { code: 'EACCES', syscall: 'listen' },
      { code: 'constructor', syscall: 'open', path: '/x' },
    ]) {
      expect(fault(other).stderr).toContain('FLOWLINE_UNEXPECTED');
    }
  });

  it('calls anything else a fault of the program, and shows no password', () => {
    const { stderr } = report(new Error('cannot reach postgres://u:hunter2@h/d'), false);
    expect(stderr).toContain('FLOWLINE_UNEXPECTED');
    expect(stderr).not.toContain('hunter2');
  });
});
