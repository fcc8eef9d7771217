import { statement } from '../statement.ts';

/** Takes the lease of a detector if it is free or has expired. No row if another holder has it. */
export const takeTrainingLease = statement<
  [detector: string, holder: string, ms: number],
  { readonly detector: string }
>(`
  INSERT INTO flowline.training_leases AS lease (detector, holder, expires_at)
  VALUES ($1, $2::uuid, clock_timestamp() + $3 * interval '1 millisecond')
  ON CONFLICT (detector) DO UPDATE
    SET holder = excluded.holder, taken_at = clock_timestamp(), expires_at = excluded.expires_at
    WHERE lease.expires_at <= clock_timestamp()
  RETURNING detector
`);
