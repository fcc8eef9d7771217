import { FlowlineError } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';

import { isUnknownTopic, toFlowlineError } from './kafka-error.ts';

const protocol = (type: string, retriable: boolean): Error =>
  Object.assign(new kafkajs.KafkaJSProtocolError(new Error(type)), { type, retriable });

describe('toFlowlineError', () => {
  it('keeps a FlowlineError', () => {
    const error = new FlowlineError('FLOWLINE_TOPIC_MISSING', 'x');
    expect(toFlowlineError(error, ['b:1'])).toBe(error);
  });

  it('calls a lost connection retryable and names the brokers', () => {
    const error = toFlowlineError(new kafkajs.KafkaJSConnectionError('refused'), ['a:1', 'b:2']);
    expect(error).toMatchObject({ code: 'FLOWLINE_BROKER_UNREACHABLE', where: 'a:1, b:2', retryable: true });
    expect(error.message).toContain('refused');
  });

  it('follows the broker on whether a refusal may pass', () => {
    expect(toFlowlineError(protocol('MESSAGE_TOO_LARGE', false), ['b:1']).retryable).toBe(false);
    expect(toFlowlineError(protocol('LEADER_NOT_AVAILABLE', true), ['b:1']).retryable).toBe(true);
  });

  it('finds an unknown topic behind the error of the last retry', () => {
    const cause = protocol('UNKNOWN_TOPIC_OR_PARTITION', false);
    expect(isUnknownTopic(new Error('gave up', { cause }))).toBe(true);
    expect(isUnknownTopic(new Error('other'))).toBe(false);
  });
});
