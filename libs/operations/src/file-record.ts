/** One record of a file: a value for the feature reader, or the fault of a broken record. */
export type FileRecord =
  | { readonly row: number; readonly value: unknown }
  | { readonly row: number; readonly fault: { readonly reason: string; readonly message: string } };
