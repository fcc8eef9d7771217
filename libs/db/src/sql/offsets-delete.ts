import { statement } from '../statement.ts';

/** Forgets the offsets of a topic. */
export const deleteOffsets = statement<[detector: string, topic: string], { readonly partition: number }>(`
  DELETE FROM flowline.stream_offsets WHERE detector = $1 AND topic = $2 RETURNING partition
`);
