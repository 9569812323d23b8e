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
/** Commands looked at. */
const MOST_COMMANDS = 8;

function detect({ bytes, at, end }: Payload): Detection {
  let commands = 0;
  for (let next = at; next < end && bytes[next] === IAC && commands < MOST_COMMANDS; commands++) {
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
  return commands === 0 ? 0 : commands === 1 ? LIKELY : CERTAIN;
}

export const TELNET: Detector = {
  protocol: 'telnet',
  transports: [6],
  ports: [23, 2323],
  begins: [IAC],
  detect,
};
