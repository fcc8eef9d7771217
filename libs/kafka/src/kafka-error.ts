import { FlowlineError, messageOf } from '@flowline/events';

/** Kafka error types for a topic that does not exist or has an invalid name. */
const UNKNOWN_TOPIC = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'INVALID_TOPIC_EXCEPTION']);
/**
 * Kafka error types for the content of a batch: these records will always be refused, others may
 * not be.
 */
const RECORD_REFUSED = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'INVALID_TIMESTAMP']);

/** True if an error is Kafka's response that a topic or a partition does not exist. */
export function isUnknownTopic(error: unknown): boolean {
  return hasType(error, UNKNOWN_TOPIC);
}

/**
 * True if one of the sent records is at fault: the brokers refuse it, or the client cannot encode
 * it.
 */
export function isRecordRefusal(error: unknown): boolean {
  return error instanceof RangeError || hasType(error, RECORD_REFUSED);
}

function hasType(error: unknown, types: ReadonlySet<string>): boolean {
  return causes(error).some((cause) => 'type' in cause && typeof cause.type === 'string' && types.has(cause.type));
}

/** Matches Node's messages for a certificate that is untrusted or belongs to another host. */
const CERTIFICATE = /certificate|altnames/i;

/** Converts a failure of kafkajs to a FlowlineError; a FlowlineError is returned as it is. */
export function toFlowlineError(error: unknown, brokers: readonly string[]): FlowlineError {
  if (error instanceof FlowlineError) return error;
  const where = brokers.join(', ');
  const message = messageOf(error);
  if (causes(error).some((cause) => cause.name === 'KafkaJSNotImplemented')) {
    return new FlowlineError(
      'FLOWLINE_CONFIG_INVALID',
      `Kafka at ${where} uses what this client cannot read: ${message}`,
      {
        where,
        remedy: 'Produce with no compression, gzip, snappy, lz4 or zstd.',
        cause: error,
      },
    );
  }
  if (causes(error).some((cause) => cause.name === 'KafkaJSSASLAuthenticationError')) {
    return new FlowlineError('FLOWLINE_BROKER_UNREACHABLE', `Kafka at ${where} refused the login: ${message}`, {
      where,
      remedy: 'Check FLOWLINE_KAFKA_SASL, FLOWLINE_KAFKA_USERNAME and FLOWLINE_KAFKA_PASSWORD.',
      cause: error,
    });
  }
  if (causes(error).some((cause) => CERTIFICATE.test(cause.message))) {
    return new FlowlineError('FLOWLINE_BROKER_UNREACHABLE', `Kafka at ${where} is not trusted: ${message}`, {
      where,
      remedy: "Name the authority that signed the broker's certificate in FLOWLINE_KAFKA_TLS_CA (file:/path/ca.pem).",
      cause: error,
    });
  }
  const refusal = causes(error).find((cause) => cause.name === 'KafkaJSProtocolError');
  if (refusal !== undefined) {
    return new FlowlineError('FLOWLINE_BROKER_UNREACHABLE', `Kafka at ${where} refused: ${message}`, {
      where,
      remedy: "See the broker's own words; a size limit or a missing permission is the usual reason.",
      retryable: 'retriable' in refusal && refusal.retriable === true,
      cause: error,
    });
  }
  return new FlowlineError('FLOWLINE_BROKER_UNREACHABLE', `Kafka at ${where} does not answer: ${message}`, {
    where,
    remedy: 'Check that a broker runs there and that FLOWLINE_KAFKA_BROKERS is right.',
    retryable: true,
    cause: error,
  });
}

/** Creates the error for a stored stream that the topic does not continue. */
export function topicRecreated(message: string, where: string, resetArguments: string): FlowlineError {
  return new FlowlineError('FLOWLINE_TOPIC_RECREATED', message, {
    where,
    remedy: `Start the scorer once with ${resetArguments} to continue with what the topic holds now.`,
  });
}

/** Creates the error for topics that do not exist, naming all of them. */
export function topicMissing(topics: readonly string[], brokers: readonly string[]): FlowlineError {
  const names = topics.join(', ');
  const message = topics.length === 1 ? `The topic ${names} does not exist.` : `The topics ${names} do not exist.`;
  return new FlowlineError('FLOWLINE_TOPIC_MISSING', message, {
    where: brokers.join(', '),
    remedy: `Create ${names}; Flowline never creates topics by itself.`,
  });
}

function causes(error: unknown): Error[] {
  const found: Error[] = [];
  for (let next = error; next instanceof Error && !found.includes(next); next = next.cause) found.push(next);
  return found;
}
