/**
 * Templates of NetFlow version 9 and IPFIX, made ready for reading: of each field how long it is and
 * where its value goes. Numbers of information elements are those of the IANA registry; those of
 * version 9 are the same up to 127, and a few beyond that Cisco used first.
 */
import * as places from './flow-record.ts';

/** In `Template.lengths`: the field says its length itself. */
export const VARIABLE = 65_535;
/** Fields of the way back in a record of both ways (RFC 5103). */
const REVERSE_PEN = 29_305;

/** In `Template.kinds`: passed over; `FIRST_PLACE` and more: a place of `FlowRecord.values`. */
export const IGNORED = 0;
export const SOURCE_4 = 1;
export const DESTINATION_4 = 2;
export const SOURCE_6 = 3;
export const DESTINATION_6 = 4;
/** Seconds since 1900 and their fraction, 32 bits each (RFC 7011 section 6.1.9). */
export const START_NTP = 5;
export const FIRST_PLACE = 8;

export interface Field {
  readonly element: number;
  readonly length: number;
  /** Private enterprise number, 0 for the registry's own. */
  readonly enterprise: number;
}

export interface Template {
  readonly isOptions: boolean;
  readonly kinds: Uint8Array;
  readonly lengths: Uint16Array;
  /** Octets of the shortest record. */
  readonly least: number;
}

/** Elements by the place their value goes to. */
const PLACES: readonly (readonly [place: number, ...elements: number[]])[] = [
  [places.BYTES, 1, 85],
  [places.PACKETS, 2, 86],
  [places.PROTOCOL, 4],
  [places.TCP_FLAGS, 6],
  // 180 to 183 are those of UDP and of TCP.
  [places.SOURCE_PORT, 7, 180, 182],
  [places.DESTINATION_PORT, 11, 181, 183],
  [places.IN_INTERFACE, 10],
  [places.OUT_INTERFACE, 14],
  [places.DIRECTION, 61],
  [places.OUT_BYTES, 23],
  [places.OUT_PACKETS, 24],
  [places.INITIATOR_BYTES, 231],
  [places.RESPONDER_BYTES, 232],
  [places.INITIATOR_PACKETS, 298],
  [places.RESPONDER_PACKETS, 299],
  // 40005 is what firewalls of Cisco's used before 233 was registered.
  [places.FIREWALL_EVENT, 233, 40_005],
  [places.FORWARDING_STATUS, 89],
  [places.BIFLOW_DIRECTION, 239],
  [places.ICMP_TYPE_CODE, 32, 139],
  [places.ICMP_TYPE, 176, 178],
  [places.ICMP_CODE, 177, 179],
  [places.FIRST_UPTIME, 22],
  [places.START_MS, 152],
  [places.START_SECONDS, 150],
  [places.START_DELTA, 158],
  [places.EVENT_MS, 323],
  [places.BOOT_MS, 160],
  [places.SAMPLING_INTERVAL, 34, 50],
  [places.SAMPLED_PACKETS, 305],
  [places.SKIPPED_PACKETS, 306],
  [places.SAMPLER, 48, 302],
  [places.SAMPLING_SIZE, 309],
  [places.SAMPLING_POPULATION, 310],
];
const KINDS: ReadonlyMap<number, number> = new Map([
  ...PLACES.flatMap(([place, ...elements]) =>
    elements.map((element) => [element, FIRST_PLACE + place] as const),
  ),
  [8, SOURCE_4],
  [12, DESTINATION_4],
  [27, SOURCE_6],
  [28, DESTINATION_6],
  [154, START_NTP],
  [156, START_NTP],
]);
const REVERSE_KINDS: ReadonlyMap<number, number> = new Map([
  [1, FIRST_PLACE + places.RESPONDER_BYTES],
  [2, FIRST_PLACE + places.RESPONDER_PACKETS],
  [85, FIRST_PLACE + places.RESPONDER_BYTES],
  [86, FIRST_PLACE + places.RESPONDER_PACKETS],
  [6, FIRST_PLACE + places.RESPONDER_FLAGS],
]);

/** Makes a template ready. Fields of lengths that no such value has are passed over. */
export function compileTemplate(fields: readonly Field[], isOptions: boolean): Template {
  const kinds = new Uint8Array(fields.length);
  const lengths = new Uint16Array(fields.length);
  let least = 0;
  fields.forEach(({ element, length, enterprise }, index) => {
    lengths[index] = length;
    least += length === VARIABLE ? 1 : length;
    let kind: number | undefined;
    if (enterprise === 0) kind = KINDS.get(element);
    else if (enterprise === REVERSE_PEN) kind = REVERSE_KINDS.get(element);
    kinds[index] = kind !== undefined && fits(kind, length) ? kind : IGNORED;
  });
  return { isOptions, kinds, lengths, least };
}

function fits(kind: number, length: number): boolean {
  if (kind === SOURCE_4 || kind === DESTINATION_4) return length === 4;
  if (kind === SOURCE_6 || kind === DESTINATION_6) return length === 16;
  if (kind === START_NTP) return length === 8;
  // RFC 7011 section 6.2: numbers may be shorter than their type. None is of variable length.
  return length >= 1 && length <= 8;
}
