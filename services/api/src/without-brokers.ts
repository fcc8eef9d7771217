import { FlowlineError } from '@flowline/events';

/** Creates the error for a request that needs Kafka, of a service that knows none. */
export function withoutBrokers(command: string): FlowlineError {
  return new FlowlineError('FLOWLINE_CONFLICT', 'This service knows no Kafka brokers.', {
    where: 'FLOWLINE_KAFKA_BROKERS',
    remedy: `Start it with FLOWLINE_KAFKA_BROKERS, or use \`${command}\`.`,
  });
}
