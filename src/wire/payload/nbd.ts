/**
 * Network block device (its `doc/proto.md`): the server greets with NBDMAGIC and IHAVEOPT (or the old
 * style's cliserv number); options and requests begin with numbers of their own.
 */
import { hex } from './hex-word.ts';
import { ascii, isAt } from './octets.ts';
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

const GREETING = ascii('NBDMAGIC');
const OPTION = ascii('IHAVEOPT');
const OLD_STYLE = hex('0000420281861253');
const OPTION_REPLY = hex('0003e889045565a9');
const REQUEST = 0x2560_9513;
const REPLY = 0x6744_6698;
const STRUCTURED_REPLY = 0x668e_33ef;

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < 8) return 0;
  if (isAt(bytes, at, end, GREETING)) {
    const known = isAt(bytes, at + 8, end, OPTION) || isAt(bytes, at + 8, end, OLD_STYLE);
    return (known ? CERTAIN : LIKELY) | ANSWERS;
  }
  if (isAt(bytes, at, end, OPTION_REPLY)) return CERTAIN | ANSWERS;
  // The client's flags may come in the same segment.
  if (isAt(bytes, at + 4, end, OPTION)) return CERTAIN | ASKS;
  // Alone it is the second half of a greeting.
  if (isAt(bytes, at, end, OPTION)) return length >= 16 ? CERTAIN | ASKS : CERTAIN;
  switch (view.getUint32(at)) {
    case REQUEST:
      return length >= 28 ? CERTAIN | ASKS : 0;
    case REPLY:
    case STRUCTURED_REPLY:
      return length >= 16 ? LIKELY | ANSWERS : 0;
    default:
      return 0;
  }
}

function facts({ bytes, at, end }: Payload, to: FactSink): void {
  if (!isAt(bytes, at, end, GREETING)) return;
  to.service('dialect', isAt(bytes, at + 8, end, OLD_STYLE) ? 'old style' : 'new style');
}

export const NBD: Detector = {
  protocol: 'nbd',
  transports: [6],
  ports: [10809],
  begins: [0x4e, 0x49, 0, 0x25, 0x67, 0x66],
  detect,
  facts,
};
