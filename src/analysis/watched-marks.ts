/**
 * What detectors want to know of a port for every flow, as bits. Apart from what makes them of the
 * catalogue (findings/watched-ports.ts), which a thread that only reads them need not load.
 */

/** The catalogue has an entry for the port that is not a wide range. */
export const CATALOGUED = 1;
/** Remote access, management, databases: see `EXPOSED_GROUPS`. */
export const SENSITIVE = 2;
/** A protocol on it carries passwords readable, and little else is ever on it. */
export const CLEAR_TEXT = 4;
/** Names by NetBIOS, WINS or LLMNR. */
export const LEGACY_NAMES = 8;
/** UDP receivers that never answer by design. */
export const SILENT = 16;
/** Opens other ports by agreement: FTP, RPC, SIP …; see `ARRANGERS`. */
export const ARRANGER = 32;
/** Where traceroute sends to. */
export const TRACEROUTE = 64;

/** Bits by port. Shared: not to be written to. */
export interface WatchedPorts {
  readonly tcp: Uint8Array;
  readonly udp: Uint8Array;
}
