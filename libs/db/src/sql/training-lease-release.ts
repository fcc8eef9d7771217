import { statement } from '../statement.ts';

/** Gives a lease back, where it is still the holder's. */
export const releaseTrainingLease = statement<[detector: string, holder: string], never>(`
  DELETE FROM flowline.training_leases WHERE detector = $1 AND holder = $2::uuid
`);
