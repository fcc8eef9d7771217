import { FlowlineError } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { createLogger } from './logger.ts';

function capture(level?: 'debug' | 'warn') {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ name: 'scorer', destination, ...(level === undefined ? {} : { level }) });
  return {
    logger,
    parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    text: () => lines.join(''),
  };
}

describe('createLogger', () => {
  it('writes one JSON object a line with level, time, service, fields and message', () => {
    const { logger, parsed } = capture();
    logger.child({ detector: 'd' }).info({ events: 3 }, 'stored');
    expect(parsed()).toEqual([
      expect.objectContaining({ level: 'info', service: 'scorer', detector: 'd', events: 3, msg: 'stored' }),
    ]);
    expect(Date.parse(String(parsed()[0]?.time))).not.toBeNaN();
  });

  it('leaves out what is below its level', () => {
    const { logger, parsed } = capture('warn');
    logger.info({}, 'no');
    logger.warn({}, 'yes');
    expect(parsed().map((line) => line.msg)).toEqual(['yes']);
  });

  it('keeps the code, place, remedy and causes of an error', () => {
    const { logger, parsed } = capture();
    const cause = new Error('connect ECONNREFUSED');
    const err = new FlowlineError('FLOWLINE_BROKER_UNREACHABLE', 'Kafka did not answer', {
      where: 'localhost:9092',
      remedy: 'Start it.',
      retryable: true,
      cause,
    });
    logger.error({ err }, 'failed');
    expect(parsed()[0]?.err).toMatchObject({
      code: 'FLOWLINE_BROKER_UNREACHABLE',
      message: 'Kafka did not answer',
      where: 'localhost:9092',
      remedy: 'Start it.',
      retryable: true,
      cause: { message: 'connect ECONNREFUSED' },
    });
  });

  it('keeps texts as they are, up to a length, in characters that no terminal obeys', () => {
    const { logger, parsed, text } = capture();
    const id = 'a\u001b[2J\r\u009b31m\u202e';
    logger.info({ id, level2: 'x'.repeat(900_000) }, `event ${id}`);
    // eslint-disable-next-line no-control-regex -- the characters in question
    expect(text().trimEnd()).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    expect(parsed()[0]).toMatchObject({ id, msg: `event ${id}` });
    expect(text().length).toBeLessThan(20_000);
  });

  it('never writes a secret: in a message, a field, a nested field, an error or its cause', () => {
    const { logger, text } = capture();
    const url = 'postgres://app:s3cr3t/@!x@db.example:5432/app';
    logger.info({ url, nested: { list: [url], password: 's3cr3t' }, kafka_password: 's3cr3t' }, `connecting to ${url}`);
    logger.error({ err: new Error(`cannot reach ${url}`, { cause: new Error(url) }) }, 'failed');
    logger.child({ token: 's3cr3t' }).info({}, 'child');
    logger.warn({}, 'at postgres://h/d?user=u&password=s3cr3t&sslmode=require');
    logger.warn({ url: '/alerts/1/feedback/expected?token=v1.1.s3cr3t' }, 'answered');
    expect(text()).not.toContain('s3cr3t');
    expect(text()).toContain('db.example');
  });
});
