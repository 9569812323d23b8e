/**
 * The extension headers of IPv6 (RFC 8200 section 4, RFC 7045): which numbers they have and how
 * long they are. The first octet of each names the next header.
 */
const HOP_BY_HOP = 0;
const ROUTING = 43;
export const FRAGMENT = 44;
export const AUTHENTICATION = 51;
const DESTINATION_OPTIONS = 60;
const MOBILITY = 135;
const HIP = 139;
const SHIM6 = 140;

/** Whether that next header is one of those behind which another follows. */
export function isExtension(next: number): boolean {
  switch (next) {
    case HOP_BY_HOP:
    case ROUTING:
    case DESTINATION_OPTIONS:
    case MOBILITY:
    case HIP:
    case SHIM6:
    case AUTHENTICATION:
    case FRAGMENT:
      return true;
    default:
      return false;
  }
}

/** Octets of an extension header, at least 8, given its second octet. */
export function extensionLength(header: number, second: number): number {
  if (header === FRAGMENT) return 8;
  // The authentication header counts in 4-octet units, less two (RFC 4302 section 2.2).
  return header === AUTHENTICATION ? (second + 2) << 2 : (second + 1) << 3;
}

/** Whether a first fragment may hold this header before its transport header. */
export function mayFollowFragment(next: number): boolean {
  return (
    next === DESTINATION_OPTIONS || next === ROUTING || next === AUTHENTICATION || next === FRAGMENT
  );
}
