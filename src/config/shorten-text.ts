// Text from a config → text for one line of an error or a comment. Pure.

const MOST_SHOWN = 80;

/** The text on one line, without control characters, its end left out where it is long. */
export function shorten(text: string): string {
  const line = text.replace(/\s+/gu, ' ').replace(/\p{Cc}|\p{Cs}/gu, '�');
  const characters = [...line];
  return characters.length <= MOST_SHOWN ? line : `${characters.slice(0, MOST_SHOWN - 1).join('')}…`;
}

/** A key as it is, or in quotes where it is no plain word: a dot in it is no way into a mapping. */
export function showKey(key: string): string {
  return /^[\p{L}\p{N}_-]+$/u.test(key) ? shorten(key) : shorten(JSON.stringify(key));
}
