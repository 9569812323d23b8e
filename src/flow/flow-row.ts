/**
 * The layout of a flow in memory: 32 words of 32 bits, two cache lines, the second of which is
 * only touched for TCP and for history. Rows live in chunks, so that a growing table never copies
 * them. "A" is the sender of the flow's first packet, "B" the other end; who is client is decided
 * later and does not change the row.
 */

/** 32-bit words per row. */
export const ROW_WORDS = 32;
/** Rows per chunk: 4 MiB each. */
export const CHUNK_ROWS = 1 << 15;
export const CHUNK_SHIFT = 15;
export const CHUNK_MASK = CHUNK_ROWS - 1;

/** Address of A: IPv4 integer, or index in the address pool. */
export const R_A = 0;
export const R_B = 1;
/** Port of A in the high half, of B in the low half; ICMP type and counterpart as in `P_PORTS`. */
export const R_PORTS = 2;
/** Protocol, family and context, as in `P_KIND`. */
export const R_KIND = 3;
export const R_FIRST_SECONDS = 4;
export const R_FIRST_NANOSECONDS = 5;
export const R_LAST_SECONDS = 6;
export const R_LAST_NANOSECONDS = 7;
/** Packets sent by A, by B. */
export const R_PACKETS_A = 8;
export const R_PACKETS_B = 9;
/** IP octets sent by A, by B: 64-bit floats, as indices into the chunk's float view. */
export const F_OCTETS_A = 5;
export const F_OCTETS_B = 6;
/** Shortest (low half) and longest (high half) IP length sent; 65,535 stands for more. */
export const R_LENGTHS_A = 14;
export const R_LENGTHS_B = 15;
/** TCP: sequence number that the stream starts at, and the next one expected. */
export const R_START_A = 16;
export const R_NEXT_A = 17;
export const R_START_B = 18;
export const R_NEXT_B = 19;
/** TCP endpoint states and flow marks; see `S_` and `MARK_` below. */
export const R_STATE = 20;
/**
 * History letters seen from A (bits 0–7) and B (8–15), first hint (16–23: see wire/hints.ts), and
 * whether any hint made A (24) or B (25) the client.
 */
export const R_SEEN = 21;
export const HINT_CLIENT_A = 1 << 24;
export const HINT_CLIENT_B = 1 << 25;
/** History letters, six of five bits per word; more go to the extension. */
export const R_HISTORY = 22;
export const HISTORY_WORDS = 3;
/** Interface of the first packet (low half); when the connection was closed (high half). */
export const R_INTERFACE = 25;
/** Transport payload octets by A, by B: floats. */
export const F_PAYLOAD_A = 13;
export const F_PAYLOAD_B = 14;
/** Number of the first frame in its source. */
export const R_FRAME = 30;
/** Index of the extension with rare counters, or 0. */
export const R_EXTENSION = 31;

/** Endpoint states, three bits each: present of A, previous of A, present of B, previous of B. */
export const INACTIVE = 0;
export const SYN_SENT = 1;
export const SYN_ACK_SENT = 2;
export const PARTIAL = 3;
export const ESTABLISHED = 4;
export const CLOSED = 5;
export const RESET = 6;
export const S_A = 0;
export const S_A_BEFORE = 3;
export const S_B = 6;
export const S_B_BEFORE = 9;

/** In `R_STATE`: the opening end as far as TCP's state machine goes is B (A sent a SYN-ACK). */
export const MARK_OPENER_B = 1 << 12;
/** Packets went to a group address. */
export const MARK_GROUP = 1 << 14;
/** Found inside a tunnel. */
export const MARK_INNER = 1 << 15;
/** A's FIN or RST closed its half, B's likewise. */
export const MARK_CLOSED_A = 1 << 16;
export const MARK_CLOSED_B = 1 << 17;
/** Replaced by a newer row with the same key, or timed out: nothing more will be added. */
export const MARK_ENDED = 1 << 18;
/** Some packets had no readable transport header. */
export const MARK_CUT = 1 << 19;
/** A longer packet than `R_LENGTHS_A` and `_B` can express was seen. */
export const MARK_LONG = 1 << 20;
/** An SCTP or DCCP opening was seen from A, its answer from B, or the reverse. */
export const MARK_OPEN_FROM_A = 1 << 21;
export const MARK_OPEN_FROM_B = 1 << 22;
export const MARK_ACCEPT_FROM_A = 1 << 23;
export const MARK_ACCEPT_FROM_B = 1 << 24;

/** The connection was closed or reset for good; the high half of `R_INTERFACE` says when. */
export const MARK_OVER = 1 << 25;
/** A SYN-ACK came whose number does not fit the stream it came in. */
export const MARK_STRAY_ACCEPT = 1 << 26;

/** Of flows from logs: the log says that A began. */
export const MARK_DECLARED = 1 << 27;
/** The log cannot show answers: that there are none says nothing. */
export const MARK_LOGGED = 1 << 28;
/** Everything of it was refused by the device that logged it. */
export const MARK_DENIED = 1 << 29;

/** Words of an extension. */
export const EXTENSION_WORDS = 21;
/** Counts for the history letters T (retransmission), W (zero window), G (gap), by A then B. */
export const E_RETRANSMITTED_A = 0;
export const E_RETRANSMITTED_B = 1;
export const E_ZERO_WINDOW_A = 2;
export const E_ZERO_WINDOW_B = 3;
export const E_GAP_A = 4;
export const E_GAP_B = 5;
/** ICMP errors that quoted the flow, and the type and code of the last one. */
export const E_ICMP_ERRORS = 6;
export const E_ICMP_KIND = 7;
/** Packets that carried others, and the IP octets of those (low and high word). */
export const E_CARRIED_PACKETS = 8;
export const E_CARRIED_LOW = 9;
export const E_CARRIED_HIGH = 10;
/** Packets seen twice. */
export const E_DUPLICATES = 11;
/** History letters beyond the row's own: four words. */
export const E_HISTORY = 12;
export const E_HISTORY_WORDS = 4;
/** Octets of either end that the other acknowledged and that were not captured, before or after. */
export const E_MISSED = 16;
/** The last gap of an end, which may still be filled: where it begins, and how many octets; A then B. */
export const E_HOLE_A = 17;
