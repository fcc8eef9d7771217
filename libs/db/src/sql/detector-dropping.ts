import { statement } from '../statement.ts';

/**
 * Sets whether the data of a deleted detector are being dropped. The row lock makes concurrent
 * drops wait.
 */
export const setDropping = statement<[name: string, dropping: boolean], never>(`
  UPDATE flowline.detectors SET dropping = $2 WHERE name = $1 AND state = 'deleted'
`);
