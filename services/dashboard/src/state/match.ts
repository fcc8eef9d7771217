/**
 * Matches a path with a pattern such as `/detectors/:name`; null if it does not match. Names are
 * decoded.
 */
export function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | null {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return null;
  const found: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const text = given[i];
    if (text === undefined) return null;
    if (part.startsWith(':')) {
      const value = decoded(text);
      if (value === null || value === '') return null;
      found[part.slice(1)] = value;
    } else if (part !== text) return null;
  }
  return found;
}

/** Decodes a part of a path; null if it is not encoded as one. */
export function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
