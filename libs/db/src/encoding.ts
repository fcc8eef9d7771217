import type { Database } from './database.ts';
import { selectEncoding } from './sql/database.ts';
import { withTransaction } from './transaction.ts';

/** Fault of a database whose encoding cannot represent every text, with its remedy. */
export interface EncodingFault {
  readonly encoding: string;
  readonly message: string;
  readonly remedy: string;
}

/**
 * Finds the fault of a database whose encoding, fixed at its creation, is not UTF-8; null if there
 * is none.
 */
export async function encodingFault(db: Database): Promise<EncodingFault | null> {
  const { encoding } = await withTransaction(db, (client) => selectEncoding(client));
  if (encoding === 'UTF8') return null;
  return {
    encoding,
    message: `the encoding of ${db.address} is ${encoding}: events with text that it cannot represent become dead letters (refused)`,
    remedy: "Create the database with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and move the data there.",
  };
}
