import { statement } from '../statement.ts';

/** Says that the data of a deleted detector are being dropped, or that they are gone; whoever else does so waits. */
export const setDropping = statement<[name: string, dropping: boolean], never>(`
  UPDATE flowline.detectors SET dropping = $2 WHERE name = $1 AND state = 'deleted'
`);
