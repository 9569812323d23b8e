/**
 * Which of two ports is the server's, as far as port numbers tell: system below user below ephemeral
 * (RFC 6335), the lower class is the server.
 */

/**
 * First dynamic port. Linux's clients start at 32768, but so many services and other systems'
 * clients lie between that a guess there is wrong too often.
 */
const EPHEMERAL = 49152;
const SYSTEM = 1024;
/** Clients of NFS (RFC 7530) use system ports from here on. */
const NFS = 2049;
const RESERVED_CLIENTS = 512;

/** What `likelyServer` says. */
export const NOBODY = 0;
export const PORT_A = 1;
const PORT_B = 2;

/** Whose port is the server's: `PORT_A`, `PORT_B`, or `NOBODY`'s where the numbers tell nothing. */
export function likelyServer(portA: number, portB: number): number {
  if (portA === 0 || portB === 0) return NOBODY;
  if (isNfs(portA, portB)) return PORT_A;
  if (isNfs(portB, portA)) return PORT_B;
  const a = portClass(portA);
  const b = portClass(portB);
  if (a === b) return NOBODY;
  return a < b ? PORT_A : PORT_B;
}

function isNfs(server: number, client: number): boolean {
  return server === NFS && client >= RESERVED_CLIENTS && client < SYSTEM;
}

function portClass(port: number): number {
  if (port < SYSTEM) return 0;
  return port < EPHEMERAL ? 1 : 2;
}
