/**
 * sFlow version 5 (sflow.org, "sFlow Version 5", section 5): XDR throughout: version, agent's
 * address, sub-agent, sequence, uptime, count of samples, each with format and length.
 */
import {
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  LIKELY,
  type Payload,
} from './payload.ts';

const VERSION = 5;
const ADDRESS_4 = 1;
const ADDRESS_6 = 2;
const MOST_SAMPLES = 64;
/** Flow, counter and their expanded forms; the upper 20 bits are an enterprise. */
const LAST_FORMAT = 5;

function detect({ view, at, end, length }: Payload): Detection {
  if (end - at < 28 || view.getInt32(at) !== VERSION) return 0;
  const kind = view.getInt32(at + 4);
  if (kind !== ADDRESS_4 && kind !== ADDRESS_6) return 0;
  const samplesAt = at + 8 + (kind === ADDRESS_4 ? 4 : 16) + 12;
  if (samplesAt + 4 > end || !isAgent(view, at + 8, kind)) return 0;
  const samples = view.getUint32(samplesAt);
  let next = samplesAt + 4;
  if (samples === 0 || samples > MOST_SAMPLES) return 0;
  let count = 0;
  for (; count < samples && next + 8 <= end; count++) {
    const format = view.getUint32(next);
    const octets = view.getUint32(next + 4);
    if (format >>> 12 === 0 && (format === 0 || format > LAST_FORMAT)) return 0;
    if ((octets & 3) !== 0 || octets > length) return 0;
    next += 8 + octets;
  }
  if (count === samples && next === at + length) return CERTAIN | ASKS;
  // Samples go on where it was cut.
  return end - at < length && next < at + length ? LIKELY | ASKS : 0;
}

/** Whether an exporter can have the address: it is of no network 0, and of no group. */
function isAgent(view: DataView, at: number, kind: number): boolean {
  const first = view.getUint8(at);
  if (kind === ADDRESS_4) return first > 0 && first < 224;
  return first !== 0xff && view.getInt32(at + 12) !== 0;
}

/** The agent's own address; exporters with several send from any. */
function facts({ bytes, view, at }: Payload, to: FactSink): void {
  to.service('version', '5');
  if (view.getInt32(at + 4) === ADDRESS_4)
    to.service('agent', bytes.slice(at + 8, at + 12).join('.'));
}

export const SFLOW: Detector = {
  protocol: 'sflow',
  transports: [17],
  ports: [6343],
  begins: [0],
  detect,
  facts,
};
