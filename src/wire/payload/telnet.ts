/**
 * Telnet (RFC 854): both ends open with negotiations, IAC (255), WILL, WONT, DO or DONT (251 to
 * 254) and an option, or with subnegotiations between IAC SB (250) and IAC SE (240).
 */
import { CERTAIN, type Detection, type Detector, LIKELY, type Payload } from './payload.ts';

const IAC = 255;
const END = 240;
const SUBNEGOTIATION = 250;
const WILL = 251;
/** IANA's last assigned option, but for EXOPL (255) and those of pragmatic use around 138. */
const LAST_OPTION = 49;
const BELL = 7;
const CARRIAGE_RETURN = 13;
const ESCAPE = 27;
/** Octets of talk looked at. */
const MOST_TALK = 32;
/** Commands looked at. */
const MOST_COMMANDS = 8;

function detect({ bytes, at, end }: Payload): Detection {
  let commands = 0;
  let next = at;
  for (; next < end && bytes[next] === IAC && commands < MOST_COMMANDS; commands++) {
    if (end - next < 3) return 0;
    const command = bytes[next + 1]!;
    if (command < SUBNEGOTIATION || command === IAC || bytes[next + 2]! > LAST_OPTION) return 0;
    next += 3;
    if (command >= WILL) continue;
    while (next < end && (bytes[next] !== IAC || bytes[next + 1] === IAC)) {
      next += bytes[next] === IAC ? 2 : 1;
    }
    if (end - next < 2 || bytes[next + 1] !== END) return 0;
    next += 2;
  }
  if (commands === 0 || !isTalk(bytes, next, Math.min(end, next + MOST_TALK))) return 0;
  return commands === 1 ? LIKELY : CERTAIN;
}

/** Whether it goes on as terminals do: with a text, of any letters, and what moves a cursor. */
function isTalk(bytes: Uint8Array, at: number, end: number): boolean {
  for (let next = at; next < end && bytes[next] !== IAC; next++) {
    const octet = bytes[next]!;
    const isControl = octet < 0x20 && octet !== ESCAPE && (octet < BELL || octet > CARRIAGE_RETURN);
    // A zero comes after a carriage return.
    if (isControl && (octet !== 0 || bytes[next - 1] !== CARRIAGE_RETURN)) return false;
  }
  return true;
}

export const TELNET: Detector = {
  protocol: 'telnet',
  transports: [6],
  ports: [23, 2323],
  begins: [IAC],
  detect,
};
