import { FlowlineError } from '@flowline/events';

import type { Database } from './database.ts';
import { jsonText } from './json-text.ts';
import { claimKey, deleteKey, expireKeys, selectKey, storeResponse } from './sql/idempotency-keys.ts';
import { withTransaction } from './transaction.ts';

/** Name of a request: the token that sent it, and its key. */
export interface RequestKey {
  readonly tokenId: number;
  readonly key: string;
}

/** Response to a request, as it is repeated. */
export interface StoredResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Claims a key for a request.
 * @returns null if the request is the first, which must be settled; else the response to the first.
 * @throws FlowlineError FLOWLINE_CONFLICT for another request under the key, or while the first is
 * under way.
 */
export async function claimRequest(
  db: Database,
  request: RequestKey,
  requestHash: Buffer,
): Promise<StoredResponse | null> {
  return withTransaction(db, async (client) => {
    await expireKeys(client);
    if ((await claimKey(client, { ...request, requestHash })) !== null) return null;
    const first = await selectKey(client, request);
    if (first === null) throw conflict(request, 'has just been released', 'Send the request again.', true);
    if (!first.requestHash.equals(requestHash))
      throw conflict(request, 'belongs to another request', 'Send a key of its own with every request.', false);
    const { status, headers, body } = first;
    if (status === null || body === null)
      throw conflict(request, 'belongs to a request that is under way', 'Wait for its end, and send it again.', true);
    return { status, headers: headers ?? {}, body };
  });
}

/** Stores the response to the request that has claimed a key; null releases the key. */
export async function settleRequest(db: Database, request: RequestKey, response: StoredResponse | null): Promise<void> {
  await withTransaction(db, async (client) => {
    if (response === null) await deleteKey(client, request);
    else await storeResponse(client, { ...request, ...response, headers: jsonText(response.headers) });
  });
}

function conflict({ key }: RequestKey, finding: string, remedy: string, retryable: boolean): FlowlineError {
  return new FlowlineError('FLOWLINE_CONFLICT', `The Idempotency-Key "${key}" ${finding}.`, {
    where: 'Idempotency-Key',
    remedy,
    retryable,
  });
}
