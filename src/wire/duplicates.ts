/**
 * Recognises frames that a mirror port sent twice (once per monitored port, or per VLAN): the
 * same packet, by a signature over addresses, ports and per-packet fields, within a millisecond.
 * A fixed table of recent signatures; an entry is simply overwritten by the next that falls on it.
 */

/** Enough for two million packets a second; larger only pushes other things out of the cache. */
const ENTRIES = 2048;
const SHIFT = 32 - 11;
/** Words per entry: signature, seconds, nanoseconds, unused. */
const ENTRY_WORDS = 4;
/** Copies arrive within this time, in nanoseconds. */
const WINDOW_NS = 1_000_000;

export class DuplicateWindow {
  frames = 0;
  octets = 0;
  private readonly entries = new Int32Array(ENTRIES * ENTRY_WORDS);

  /** Whether this signature was seen within the window; counts it, and remembers it otherwise. */
  seen(signature: number, seconds: number, nanoseconds: number, octets: number): boolean {
    const entries = this.entries;
    const at = (Math.imul(signature, 0x9e3779b1) >>> SHIFT) * ENTRY_WORDS;
    if (entries[at] === signature && this.isRecent(at, seconds, nanoseconds)) {
      this.frames++;
      this.octets += octets;
      return true;
    }
    entries[at] = signature;
    entries[at + 1] = seconds;
    entries[at + 2] = nanoseconds;
    return false;
  }

  private isRecent(at: number, seconds: number, nanoseconds: number): boolean {
    const apart = seconds - this.entries[at + 1]!;
    if (apart > 1 || apart < -1) return false;
    const since = apart * 1e9 + nanoseconds - this.entries[at + 2]!;
    return since <= WINDOW_NS && since >= -WINDOW_NS;
  }
}
