/** A batch that would unpack to more bytes than it may. */
export class UnpackedTooLarge extends Error {
  constructor(maxBytes: number, options?: ErrorOptions) {
    super(`it unpacks to more than ${maxBytes} bytes`, options);
    this.name = 'UnpackedTooLarge';
  }
}
