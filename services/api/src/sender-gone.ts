import { FlowlineError } from '@flowline/events';
import type { FastifyReply } from 'fastify';

/**
 * Signal that aborts if the connection closes before the response has been sent: nobody waits for
 * it any more.
 */
export function senderGone({ raw }: Pick<FastifyReply, 'raw'>): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableEnded) gone.abort(new FlowlineError('FLOWLINE_ABORTED', 'The sender has closed the connection.'));
  });
  return gone.signal;
}
