import { type BatchIds, FORGOTTEN_MS, type IdEntries } from '@flowline/events';

/** Splits the ids of a batch into those of the records before an offset and of those from it on. */
export function splitIds(ids: BatchIds, offset: number): readonly [BatchIds, BatchIds] {
  const { added, duplicates, run, follows, decidedFrom } = ids;
  const found = added.offsets.findIndex((one) => one >= offset);
  const middle = found < 0 ? added.offsets.length : found;
  const after = { ...entriesOf(added, middle, added.offsets.length), first: added.first + middle };
  return [
    {
      ...ids,
      added: { ...entriesOf(added, 0, middle), first: added.first },
      duplicates: duplicates.filter((one) => one.offset < offset),
      // What is forgotten at the end of the batch may still be needed for its second part.
      ...{ keepFrom: ids.keptBefore, limited: false, mergeFrom: null },
    },
    {
      ...ids,
      added: after,
      duplicates: duplicates.filter((one) => one.offset >= offset),
      follows: middle === 0 ? follows : { run, end: after.first },
      decidedFrom: Math.max(decidedFrom, offset),
      mergeFrom: null,
    },
  ];
}

/** Ids of a batch of one record that Postgres refuses: its id does not count. */
export function idsOfRefused(ids: BatchIds): BatchIds {
  const timesMs = ids.added.timesMs.map(() => FORGOTTEN_MS);
  return { ...ids, added: { ...ids.added, timesMs }, duplicates: [] };
}

const entriesOf = ({ hashes, offsets, timesMs }: IdEntries, start: number, end: number): Omit<IdEntries, 'first'> => ({
  hashes: hashes.slice(2 * start, 2 * end),
  offsets: offsets.slice(start, end),
  timesMs: timesMs.slice(start, end),
});
