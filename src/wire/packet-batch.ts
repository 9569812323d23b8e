/**
 * Decoded packets as fixed-size rows of 32-bit words: what the decoder writes and the flow
 * table reads.
 *
 * One row is 64 octets, one cache line, and holds only integers, so a batch can sit in shared
 * memory and be consumed by another thread. An encapsulated frame makes one row per layer, outer
 * first. Frames that carry no IP make no row; the decoder counts them.
 */

/** 32-bit words per packet row. */
export const PACKET_WORDS = 16;

/** Source address: the IPv4 address as an integer, or an `AddressPool` index for IPv6. */
export const P_SOURCE = 0;
/** Destination address, like `P_SOURCE`. */
export const P_DESTINATION = 1;
/** Source port in the high half, destination port in the low half. ICMP: type and code. */
export const P_PORTS = 2;
/** Protocol (bits 0–7), `FAMILY_6` (bit 8), context index (bits 16–31). */
export const P_KIND = 3;
/** IP octets: header and payload by the header's own account (or the frame's, see decoder). */
export const P_IP_LENGTH = 4;
/** Transport payload octets by the headers' account, not only those captured. */
export const P_PAYLOAD = 5;
/** TCP flags (bits 0–7), window (bits 8–23), `Hint` (bits 24–31). */
export const P_FLAGS = 6;
/** TCP sequence number. */
export const P_SEQUENCE = 7;
/** TCP acknowledgment number. */
export const P_ACKNOWLEDGMENT = 8;
/** Octets of this packet that an inner row accounts for again (0 = carries no decoded packet). */
export const P_CARRIED = 9;
/** Index of the frame's interface (bits 0–15). */
export const P_INTERFACE = 10;
/** Frame number in its source. */
export const P_FRAME = 11;
/** Seconds since 1970-01-01T00:00Z. */
export const P_SECONDS = 12;
/** Nanoseconds within the second. */
export const P_NANOSECONDS = 13;
/** Marks, see the `M_` constants. */
export const P_MARKS = 14;
/** Hash of the flow key; the same for both directions. */
export const P_HASH = 15;

/** In `P_KIND`: addresses are IPv6. */
export const FAMILY_6 = 0x100;

/** The packet was found inside another packet of the same frame. */
export const M_INNER = 1;
/** A fragment other than the first; its ports were taken from the first, or are unknown (0). */
export const M_LATER_FRAGMENT = 2;
/** The first fragment of a fragmented datagram. */
export const M_FIRST_FRAGMENT = 4;
/**
 * The transport header was cut off by the snap length or by damage. Ports are unknown (0) unless
 * their four octets were there.
 */
export const M_NO_TRANSPORT = 8;
/** An ICMP error: the row's key is that of the packet it quotes, as that packet was sent. */
export const M_ICMP_ERROR = 16;
/** The transport or IPv4 header checksum is wrong (only looked at when asked for). */
export const M_BAD_CHECKSUM = 32;
/** Seen before within the duplicate window (mirror port sending both copies). */
export const M_DUPLICATE = 64;
/** Destination is multicast or broadcast (by address): it cannot be a responder. */
export const M_GROUP_DESTINATION = 128;
/** The IP length was taken from the frame since the header says 0 (segmentation offload). */
export const M_OFFLOADED_LENGTH = 256;
/** The TCP payload could not be followed: length unknown. */
export const M_LENGTH_UNKNOWN = 512;
