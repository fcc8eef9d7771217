import { statement } from '../statement.ts';

/** Releases a lease, if the holder still has it. */
export const releaseTrainingLease = statement<[detector: string, holder: string], never>(`
  DELETE FROM flowline.training_leases WHERE detector = $1 AND holder = $2::uuid
`);
