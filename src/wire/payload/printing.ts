/**
 * Two ways to print that need no login: the line printer daemon (RFC 1179 section 5), one octet of
 * command and a queue's name; and raw printing to port 9100, where the job's own language shows:
 * HP's printer job language ("PJL Technical Reference Manual"), PostScript, PCL.
 */
import { ascii, findAnyCase, findOctet, isAt, textAt } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  LIKELY,
  type Payload,
} from './payload.ts';

const MOST_QUEUE = 64;

/** Commands 1 to 5 end their only line; a queue's name has no blank. */
function detectLpd({ bytes, at, end, length }: Payload): Detection {
  if (end - at < 3 || end - at !== length || length > 2 + 4 * MOST_QUEUE) return 0;
  const command = bytes[at]!;
  if (command < 1 || command > 5 || bytes[end - 1] !== 10) return 0;
  if (findOctet(bytes, at + 1, end - 1, 10) >= 0) return 0;
  for (let next = at + 1; next < end - 1; next++) {
    const isBlank = bytes[next] === 0x20 && next > at + 1 && command > 2;
    if (!isBlank && (bytes[next]! < 0x21 || bytes[next]! > 0x7e)) return 0;
  }
  return LIKELY | ASKS;
}

export const LPD: Detector = {
  protocol: 'lpd',
  transports: [6],
  ports: [515],
  begins: [1, 2, 3, 4, 5],
  detect: detectLpd,
};

const UNIVERSAL_EXIT = ascii('\x1b%-12345X');
const JOB_LANGUAGE = ascii('@PJL');
const POSTSCRIPT = ascii('%!PS-Adobe-');
const RESET = ascii('\x1bE\x1b');
const INFO_ID = ascii('@PJL INFO ID\r\n');

function detectJob({ bytes, at, end }: Payload): Detection {
  if (isAt(bytes, at, end, UNIVERSAL_EXIT)) {
    return (
      (findAnyCase(bytes, at, Math.min(end, at + 64), JOB_LANGUAGE) > 0 ? CERTAIN : LIKELY) | ASKS
    );
  }
  // The printer answers with the same words.
  if (isAt(bytes, at, end, INFO_ID)) {
    return end - at > INFO_ID.length + 2 && bytes[at + INFO_ID.length] === 0x22
      ? CERTAIN | ANSWERS
      : CERTAIN;
  }
  if (isAt(bytes, at, end, JOB_LANGUAGE)) return CERTAIN;
  return isAt(bytes, at, end, POSTSCRIPT) || isAt(bytes, at, end, RESET) ? LIKELY | ASKS : 0;
}

function jobFacts({ bytes, at, end }: Payload, to: FactSink): void {
  if (!isAt(bytes, at, end, INFO_ID)) return;
  const product = /^"([^"]+)"/.exec(textAt(bytes, at + INFO_ID.length, end))?.[1];
  if (product) to.service('product', product);
}

export const JETDIRECT: Detector = {
  protocol: 'jetdirect',
  transports: [6],
  ports: [9100, 9101, 9102],
  begins: [0x1b, 0x40, 0x25],
  detect: detectJob,
  facts: jobFacts,
};
