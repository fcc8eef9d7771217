import { statement } from '../statement.ts';

/** Renews a lease. No row if another holder has it. */
export const renewTrainingLease = statement<
  [detector: string, holder: string, ms: number],
  { readonly detector: string }
>(`
  UPDATE flowline.training_leases SET expires_at = clock_timestamp() + $3 * interval '1 millisecond'
  WHERE detector = $1 AND holder = $2::uuid RETURNING detector
`);
