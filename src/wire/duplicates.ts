/**
 * Recognises frames that a mirror port sent twice (once per monitored port, or per VLAN): the
 * same packet, by a signature over addresses, ports and per-packet fields, within a millisecond.
 * A fixed table of recent signatures; an entry is simply overwritten by the next that falls on it.
 */

const ENTRIES = 4096;
/** Copies arrive within this time, in nanoseconds. */
const WINDOW_NS = 1_000_000;

export class DuplicateWindow {
  frames = 0;
  octets = 0;
  private readonly signatures = new Int32Array(ENTRIES);
  private readonly seconds = new Uint32Array(ENTRIES);
  private readonly nanoseconds = new Uint32Array(ENTRIES);

  /** Whether this signature was seen within the window; counts it, and remembers it otherwise. */
  seen(signature: number, seconds: number, nanoseconds: number, octets: number): boolean {
    const mixed = Math.imul(signature, 0x9e3779b1);
    const slot = mixed >>> 20;
    if (this.signatures[slot] === signature) {
      const apart = (seconds - this.seconds[slot]!) * 1e9 + nanoseconds - this.nanoseconds[slot]!;
      if (apart <= WINDOW_NS && apart >= -WINDOW_NS) {
        this.frames++;
        this.octets += octets;
        return true;
      }
    }
    this.signatures[slot] = signature;
    this.seconds[slot] = seconds;
    this.nanoseconds[slot] = nanoseconds;
    return false;
  }
}
