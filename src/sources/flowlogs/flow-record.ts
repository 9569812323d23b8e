/**
 * One record of a flow export, whatever protocol it came by: addresses, and numbers by place. The
 * same object is filled for all records of a decoder, so that reading them makes no objects.
 */

/** Places of numbers in `FlowRecord.values`. */
export const BYTES = 0;
export const PACKETS = 1;
export const PROTOCOL = 2;
export const TCP_FLAGS = 3;
export const SOURCE_PORT = 4;
export const DESTINATION_PORT = 5;
export const IN_INTERFACE = 6;
export const OUT_INTERFACE = 7;
export const DIRECTION = 8;
export const OUT_BYTES = 9;
export const OUT_PACKETS = 10;
export const INITIATOR_BYTES = 11;
export const RESPONDER_BYTES = 12;
export const INITIATOR_PACKETS = 13;
export const RESPONDER_PACKETS = 14;
export const FIREWALL_EVENT = 15;
export const FORWARDING_STATUS = 16;
export const BIFLOW_DIRECTION = 17;
/** TCP flags of the way back, in a record of both ways. */
export const RESPONDER_FLAGS = 18;
/** ICMP type (high octet) and code in one number, or each alone. */
export const ICMP_TYPE_CODE = 19;
export const ICMP_TYPE = 20;
export const ICMP_CODE = 21;
/** Times: by the exporter's clock since it started, or ms and s since 1970. */
export const FIRST_UPTIME = 22;
export const START_MS = 23;
export const START_SECONDS = 24;
/** Microseconds before the export. */
export const START_DELTA = 25;
/** When something happened (a firewall's event), ms since 1970. */
export const EVENT_MS = 26;
/** When the exporter started, ms since 1970. */
export const BOOT_MS = 27;
/** Sampling: packets of which one is looked at; or how many are looked at and how many are not. */
export const SAMPLING_INTERVAL = 28;
export const SAMPLED_PACKETS = 29;
export const SKIPPED_PACKETS = 30;
/** Which of the exporter's samplers looked. */
export const SAMPLER = 31;
/** Sampling by number: so many, chosen at random, out of so many. */
export const SAMPLING_SIZE = 32;
export const SAMPLING_POPULATION = 33;
const VALUES = 34;

/** Borrowed by whoever is handed one, for the call. */
export class FlowRecord {
  /** 4, 6, or 0 without addresses. */
  family = 0;
  /** Four words each; of IPv4 the first. */
  readonly source = new Int32Array(4);
  readonly destination = new Int32Array(4);
  /** By place, as exported; -1 = the record has no such field. */
  readonly values = new Float64Array(VALUES);
  /** ms since 1970 of the first packet; of the export when the record does not tell. */
  startMs = Number.NaN;
  /** The exporter looked at one of so many packets; 1 for all of them. */
  rate = 1;

  clear(): void {
    this.family = 0;
    this.source.fill(0);
    this.destination.fill(0);
    this.values.fill(-1);
    this.startMs = Number.NaN;
    this.rate = 1;
  }
}
