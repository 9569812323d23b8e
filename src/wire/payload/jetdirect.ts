/**
 * Raw printing to port 9100, where the job's own language shows: HP's printer job language ("PJL
 * Technical Reference Manual"), PostScript, PCL. Printers answer questions in the same language.
 */
import { ascii, findAnyCase, isAt, textAt } from './octets.ts';
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

const UNIVERSAL_EXIT = ascii('\x1b%-12345X');
const JOB_LANGUAGE = ascii('@PJL');
const POSTSCRIPT = ascii('%!PS-Adobe-');
const RESET = ascii('\x1bE\x1b');
const INFO_ID = ascii('@PJL INFO ID\r\n');

function detect({ bytes, at, end }: Payload): Detection {
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

function facts({ bytes, at, end }: Payload, to: FactSink): void {
  if (!isAt(bytes, at, end, INFO_ID)) return;
  const product = /^"([^"]+)"/.exec(textAt(bytes, at + INFO_ID.length, end))?.[1];
  if (product) to.service('product', product);
}

export const JETDIRECT: Detector = {
  protocol: 'jetdirect',
  transports: [6],
  ports: [9100, 9101, 9102],
  begins: [0x1b, 0x40, 0x25],
  detect,
  facts,
};
