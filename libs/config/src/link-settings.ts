import { z } from 'zod';

/** Least bytes of a key: those of the digest. */
const KEY_BYTES = 32;
const MAX_KEYS = 10;

/** Public address: a path at most, of characters that need no escape in mails, Slack and HTML. */
export const publicUrlText = z
  .string()
  .refine(isPublicUrl, 'expected http(s)://host, with a port and a path at most, such as https://flowline.example.org')
  .transform((written) => new URL(written))
  .transform(({ origin, pathname }) => `${origin}${pathname.replace(/\/+$/, '')}`);

/** Keys of signed links, separated by commas or white space; the first signs. */
export const linkKeysText = z
  .string()
  .transform((written) => written.split(/[\s,]+/).filter((key) => key !== ''))
  .refine(
    (keys) => keys.length > 0 && keys.length <= MAX_KEYS && keys.every((key) => Buffer.byteLength(key) >= KEY_BYTES),
    `expected 1 to ${MAX_KEYS} keys of at least ${KEY_BYTES} bytes each, separated by commas or line breaks; openssl rand -hex 32 makes one`,
  );

function isPublicUrl(written: string): boolean {
  if (!/^https?:\/\/\S+$/i.test(written) || !URL.canParse(written)) return false;
  const { username, password, pathname, search, hash } = new URL(written);
  return [username, password, search, hash].every((part) => part === '') && /^[\w./~-]*$/.test(pathname);
}
