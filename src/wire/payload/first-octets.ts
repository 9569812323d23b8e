/** First octets that a detector's payloads can begin with, for `Detector.begins`. */

/** All octets from `first` to `last`, both included. */
export function octetsBetween(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** The first octets of texts. */
export function firstsOf(...texts: readonly string[]): number[] {
  return [...new Set(texts.map((text) => text.charCodeAt(0)))];
}
