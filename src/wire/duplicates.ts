/**
 * Recognises frames that a mirror port sent twice (once per monitored port, or per VLAN): the
 * same packet, by a signature over addresses, ports and per-packet fields, within a millisecond.
 * A fixed table of recent signatures; an entry is simply overwritten by the next that falls on it.
 */

/** Enough for two million packets a second; larger only pushes other things out of the cache. */
const ENTRIES = 2048;
const SHIFT = 32 - 11;
/** Copies arrive within this time, in nanoseconds. */
const WINDOW_NS = 1_000_000;

export class DuplicateWindow {
  frames = 0;
  octets = 0;
  /** By themselves, since of most packets nothing else is read: they stay in the nearest cache. */
  private readonly signatures = new Int32Array(ENTRIES);
  /** When each was seen: seconds, nanoseconds. */
  private readonly times = new Int32Array(2 * ENTRIES);

  /** Whether this signature was seen within the window; counts it, and remembers it otherwise. */
  seen(signature: number, seconds: number, nanoseconds: number, octets: number): boolean {
    const { signatures, times } = this;
    const at = Math.imul(signature, 0x9e3779b1) >>> SHIFT;
    if (signatures[at] === signature && this.isRecent(2 * at, seconds, nanoseconds)) {
      this.frames++;
      this.octets += octets;
      return true;
    }
    signatures[at] = signature;
    times[2 * at] = seconds;
    times[2 * at + 1] = nanoseconds;
    return false;
  }

  private isRecent(at: number, seconds: number, nanoseconds: number): boolean {
    const apart = seconds - this.times[at]!;
    if (apart > 1 || apart < -1) return false;
    const since = apart * 1e9 + nanoseconds - this.times[at + 1]!;
    return since <= WINDOW_NS && since >= -WINDOW_NS;
  }
}
