/** Error for a batch that would decompress to more than the maximum bytes. */
export class UnpackedTooLarge extends Error {
  constructor(maxBytes: number, options?: ErrorOptions) {
    super(`it unpacks to more than ${maxBytes} bytes`, options);
    this.name = 'UnpackedTooLarge';
  }
}
