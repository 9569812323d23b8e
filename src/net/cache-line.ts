/**
 * Where rows begin in a large buffer, so that a row of 64 octets lies in one cache line and not
 * across two, of which the second is waited for anew. The engine can't say where a buffer lies;
 * the common allocators put a large one 16 octets into a page, behind words of their own.
 */

/** Octets from the start of a large buffer to the first cache line that is all its own. */
export const FIRST_LINE = 48;
