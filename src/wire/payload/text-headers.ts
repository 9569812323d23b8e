/**
 * Header lines of messages in the manner of HTTP (RFC 9112 section 5), as SIP, RTSP and SSDP have
 * them: a name, a colon, a value. For facts only: these functions allocate.
 */
import { isAtAnyCase, lineEnd, textAt } from './octets.ts';

/** Lines looked at, and octets. */
const MOST_LINES = 64;
const MOST_OCTETS = 4096;

/**
 * The trimmed value of the first such header after the first line, or an empty text.
 *
 * @param name with its colon, in capitals
 */
export function headerValue(bytes: Uint8Array, at: number, end: number, name: Uint8Array): string {
  const stop = Math.min(end, at + MOST_OCTETS);
  let line = nextLine(bytes, at, stop);
  for (let count = 0; line < stop && count < MOST_LINES; count++) {
    const last = lineEnd(bytes, line, stop);
    if (last === line) return '';
    if (isAtAnyCase(bytes, line, last, name)) {
      return textAt(bytes, line + name.length, last).trim();
    }
    line = nextLine(bytes, line, stop);
  }
  return '';
}

/** Index after the line at `at`. */
function nextLine(bytes: Uint8Array, at: number, end: number): number {
  let next = at;
  while (next < end && bytes[next] !== 10) next++;
  return next + 1;
}

/** The host, if it is an IPv4 address, and the port of an address such as `http://192.0.2.1:80/`. */
export function webEndpoint(url: string): { address: Uint8Array; port: number } | undefined {
  const match = /^http(s?):\/\/(\d{1,3}(?:\.\d{1,3}){3})(?::(\d{1,5}))?(?:\/|$)/i.exec(url);
  if (!match) return undefined;
  const parts = match[2]!.split('.').map(Number);
  const port = match[3] ? Number(match[3]) : match[1] ? 443 : 80;
  if (parts.some((part) => part > 255) || port < 1 || port > 65_535) return undefined;
  return { address: Uint8Array.from(parts), port };
}
