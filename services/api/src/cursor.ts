import { printable } from '@flowline/events';
import type { z } from 'zod';

import { badRequest } from './invalid-request.ts';

/** Encodes the position of the last row of a page as an opaque text; null at the end. */
export function toCursor(position: unknown): string | null {
  return position === null ? null : Buffer.from(JSON.stringify(position)).toString('base64url');
}

/**
 * Decodes a cursor; undefined for none.
 * @throws FlowlineError FLOWLINE_REQUEST_INVALID for a text that no list of this kind gave.
 */
export function fromCursor<Position>(cursor: string | undefined, schema: z.ZodType<Position>): Position | undefined {
  if (cursor === undefined) return undefined;
  const position = schema.safeParse(parsed(cursor));
  if (position.success) return position.data;
  const shown = printable(cursor, 40);
  throw badRequest('cursor', `The cursor "${shown}" is none of this list.`, 'Take the `next` of its previous page.');
}

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
