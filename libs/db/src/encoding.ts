import type { Database } from './database.ts';
import { selectEncoding } from './sql/encoding-select.ts';
import { withTransaction } from './transaction.ts';

/** A database that cannot hold every text: what it is, and what to do about it. */
export interface EncodingFault {
  readonly encoding: string;
  readonly message: string;
  readonly remedy: string;
}

/** The fault of a database whose encoding is not UTF-8, which is fixed when it is created; null where there is none. */
export async function encodingFault(db: Database): Promise<EncodingFault | null> {
  const [row] = await withTransaction(db, (client) => selectEncoding(client));
  const encoding = row?.encoding ?? 'unknown';
  if (encoding === 'UTF8') return null;
  return {
    encoding,
    message: `the encoding of ${db.address} is ${encoding}: events with a text that it has no room for become dead letters (refused)`,
    remedy: "Create the database with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and move the data there.",
  };
}
