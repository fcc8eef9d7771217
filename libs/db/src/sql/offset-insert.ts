import { statement } from '../statement.ts';

/** Adds the fence of a stream that has none, unless its detector is deleted. */
export const insertOffset = statement<[detector: string, topic: string, partition: number], never>(`
  INSERT INTO flowline.stream_offsets (detector, topic, partition, next_offset) 
  SELECT $1::text, $2::text, $3::integer, 0
  WHERE NOT EXISTS (SELECT FROM flowline.detectors WHERE name = $1 AND state = 'deleted')
  ON CONFLICT (detector, topic, partition) DO NOTHING
`);
