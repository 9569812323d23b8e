/**
 * Questions to game servers in the manner of Quake III (id Software's published source, `sv_main.c`):
 * four octets of ones, then a word.
 */

import { ascii, isAt } from './octets.ts';
import { ANSWERS, ASKS, CERTAIN, type Detection, type Detector, type Payload } from './payload.ts';
import { isConnectionless } from './source-query.ts';

const HEADER = 4;
const QUESTIONS = [
  'getstatus',
  'getinfo',
  'getchallenge',
  'getservers',
  'getserversExt',
  'connect ',
].map(ascii);
const REPLIES = [
  'statusResponse',
  'infoResponse',
  'challengeResponse',
  'getserversResponse',
  'connectResponse',
].map(ascii);

function detect(payload: Payload): Detection {
  if (!isConnectionless(payload)) return 0;
  const { bytes, at, end } = payload;
  for (let index = 0; index < QUESTIONS.length; index++) {
    if (isAt(bytes, at + HEADER, end, QUESTIONS[index]!)) return CERTAIN | ASKS;
  }
  for (let index = 0; index < REPLIES.length; index++) {
    if (isAt(bytes, at + HEADER, end, REPLIES[index]!)) return CERTAIN | ANSWERS;
  }
  return 0;
}

export const QUAKE: Detector = {
  protocol: 'quake',
  transports: [17],
  ports: [27960, 27950, 26000, 28960],
  begins: [0xff],
  detect,
};
