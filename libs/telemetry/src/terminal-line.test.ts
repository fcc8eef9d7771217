import { describe, expect, it } from '@jest/globals';

import { terminalLine } from './terminal-line.ts';

describe('terminalLine', () => {
  it('shows what a terminal would obey, in fields, their names and the sentence', () => {
    const line = JSON.stringify({
      level: 'warn',
      msg: 'event \u001b[2J\nlevel info',
      eventId: 'a\u009b31m\r',
      share: { 'col\u202e': 0.5 },
      err: { stack: 'Error: x\n    at y\u0007' },
    });
    expect(JSON.parse(terminalLine(line))).toEqual({
      level: 'warn',
      msg: 'event \\u001b[2J\\u000alevel info',
      eventId: 'a\\u009b31m\\u000d',
      share: { 'col\\u202e': 0.5 },
      err: { stack: 'Error: x\n    at y\\u0007' },
    });
  });
});
