/**
 * Replies of mail and file transfer servers: three digits, then a blank (or, where more lines
 * follow, a hyphen) and text (RFC 5321 section 4.2, RFC 959 section 4.2).
 */
import { isText, lineEnd } from './octets.ts';

/** The reply code at `at` (100 to 599) of a printable line that was captured whole; else 0. */
export function replyCode(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 5) return 0;
  const class_ = bytes[at]! - 0x30;
  const second = bytes[at + 1]! - 0x30;
  const third = bytes[at + 2]! - 0x30;
  if (class_ < 1 || class_ > 5 || second < 0 || second > 5 || third < 0 || third > 9) return 0;
  const mark = bytes[at + 3]!;
  if (mark !== 0x20 && mark !== 0x2d) return 0;
  return isEndedLine(bytes, at, end) ? class_ * 100 + second * 10 + third : 0;
}

/** Whether the line is a row of a table rather than a reply: a comma stands before a digit. */
export function isRow(bytes: Uint8Array, at: number, stop: number): boolean {
  for (let next = at; next + 1 < stop; next++) {
    const after = bytes[next + 1]!;
    if (bytes[next] === 0x2c && after >= 0x30 && after <= 0x39) return true;
  }
  return false;
}

/** Whether a printable line that ends with CR LF (or LF alone) begins at `at`. */
export function isLine(bytes: Uint8Array, at: number, end: number): boolean {
  const stop = lineEnd(bytes, at, end);
  return stop < end && isText(bytes, at, stop);
}

/** The same of a line that ends with CR LF as it should. */
export function isEndedLine(bytes: Uint8Array, at: number, end: number): boolean {
  return isLine(bytes, at, end) && bytes[lineEnd(bytes, at, end)] === 13;
}

/** Whether that line is the whole payload. */
export function isOnlyLine(bytes: Uint8Array, at: number, end: number): boolean {
  const stop = lineEnd(bytes, at, end);
  return stop < end && end - stop <= 2 && isText(bytes, at, stop);
}

/** Whether a text looks like the name of a host with its domain. */
export function isHostName(text: string): boolean {
  return (
    text.length <= 253 &&
    /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+\.?$/.test(text) &&
    /[A-Za-z]/.test(text)
  );
}
