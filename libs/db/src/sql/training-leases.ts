import { execute, maybe } from '../statement.ts';

/** Takes the lease of a detector if it is free or has expired. No row if another holder has it. */
export const takeTrainingLease = maybe<{ detector: string }, { detector: string; holder: string; leaseMs: number }>(`
  INSERT INTO flowline.training_leases AS lease (detector, holder, expires_at)
  VALUES (:detector, :holder::uuid, clock_timestamp() + :leaseMs * interval '1 millisecond')
  ON CONFLICT (detector) DO UPDATE
    SET holder = excluded.holder, taken_at = clock_timestamp(), expires_at = excluded.expires_at
    WHERE lease.expires_at <= clock_timestamp()
  RETURNING detector
`);

/** Renews a lease. No row if another holder has it. */
export const renewTrainingLease = maybe<{ detector: string }, { detector: string; holder: string; leaseMs: number }>(`
  UPDATE flowline.training_leases SET expires_at = clock_timestamp() + :leaseMs * interval '1 millisecond'
  WHERE detector = :detector AND holder = :holder::uuid RETURNING detector
`);

/** Releases a lease, if the holder still has it. */
export const releaseTrainingLease = execute<{ detector: string; holder: string }>(`
  DELETE FROM flowline.training_leases WHERE detector = :detector AND holder = :holder::uuid
`);
