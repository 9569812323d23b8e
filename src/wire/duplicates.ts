/**
 * Recognises frames that a mirror port sent twice (once per monitored port, or per VLAN): the
 * same packet, by a signature over addresses, ports and per-packet fields, within a millisecond.
 * A fixed table of recent signatures; an entry is simply overwritten by the next that falls on it.
 *
 * Bare TCP acknowledgments without an IP identification (over IPv6, or the 0 of RFC 6864) can be
 * equal and yet two packets: a receiver repeats one for each segment out of order (RFC 5681 section
 * 3.2). They are told by their company: a mirror that sends each packet of a direction twice does so
 * with SYNs and data too. Where all those came twice so far, of equal acknowledgments every second
 * one is a copy; where one did not, none is. Datagrams without one can be equal as well, since programs
 * say the same twice at once (counters, searches): of those every second one is a copy where the
 * capture has copies of what can be told for sure. Where there is next to nothing but such datagrams,
 * nearly every one of many directions has to begin with the same one twice: that is no one program's way.
 */

/** Enough for two million packets a second; larger only pushes other things out of the cache. */
const ENTRIES = 2048;
const SHIFT = 32 - 11;
/** Copies arrive within this time, in nanoseconds. */
const WINDOW_NS = 1_000_000;

/** How a packet without an identification is told from its copies. */
export const NUMBERED = 0;
/** By its content, which nobody sends again at once. */
export const BY_CONTENT = 1;
/**
 * The same of a SYN (with an identification, too) or its refusal, which are never sent twice within
 * a millisecond: one speaks for two.
 */
export const BY_OPENING = 2;
/** By those of the same direction that came before it. */
export const BY_COMPANY = 3;
/** By the copies of the whole capture. */
export const BY_CAPTURE = 4;
export type Telling =
  | typeof NUMBERED
  | typeof BY_CONTENT
  | typeof BY_OPENING
  | typeof BY_COMPANY
  | typeof BY_CAPTURE;

/** Directions of flows whose company is remembered, and how many packets of each are weighed. */
const DIRECTIONS = 1024;
const DIRECTION_SHIFT = 32 - 10;
const MOST_WEIGHED = 64;
/** Fewer packets that came twice say nothing: data may have been sent again at once. */
const LEAST_COMPANY = 2;
/** One in so many frames that is surely a copy makes it a capture that has copies. */
const ONE_IN = 50;
/** So many directions have to have begun, for each that began otherwise. */
const LEAST_TWICE = 16;
const TWICE_FOR_ONCE = 8;
/** No packet of this entry was seen in time. */
const LONG_AGO = -0x80000000;

/** Fixed memory. Copies further apart than a millisecond are packets of their own. */
export class DuplicateWindow {
  frames = 0;
  octets = 0;
  /** Of these frames, those told by company or by the capture. */
  private unsure = 0;
  /** By themselves, since of most packets nothing else is read: they stay in the nearest cache. */
  private readonly signatures = new Int32Array(ENTRIES);
  /** When each was seen: seconds, nanoseconds. */
  private readonly times = new Int32Array(2 * ENTRIES);
  /** By direction of a flow: its hash, packets told by content, and their copies. */
  private readonly directions = new Int32Array(DIRECTIONS);
  private readonly told = new Uint8Array(DIRECTIONS);
  private readonly copied = new Uint8Array(DIRECTIONS);
  private readonly beginnings = new Beginnings();

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

  /**
   * The same for a packet without an identification.
   *
   * @param direction hash of the flow's ends in the packet's order
   * @param before frames of the capture until now
   */
  seenUnnumbered(
    direction: number,
    telling: Telling,
    signature: number,
    seconds: number,
    nanoseconds: number,
    octets: number,
    before: number,
  ): boolean {
    const at = Math.imul(direction, 0x9e3779b1) >>> DIRECTION_SHIFT;
    const known = this.directions[at] === direction;
    if (telling >= BY_COMPANY) {
      const told = known ? this.told[at]! : 0;
      const mayBeCopy =
        telling === BY_CAPTURE
          ? this.hasCopies(at, direction, signature, seconds, nanoseconds, before)
          : told >= LEAST_COMPANY && told === this.copied[at];
      return this.seenInTurns(mayBeCopy, signature, seconds, nanoseconds, octets);
    }
    if (!known) {
      this.directions[at] = direction;
      this.told[at] = 0;
      this.copied[at] = 0;
    }
    const isCopy = this.seen(signature, seconds, nanoseconds, octets);
    this.weigh(at, telling === BY_OPENING ? 2 : 1, isCopy);
    return isCopy;
  }

  /** Whether datagrams like this one may be copies: by what is sure, else by how directions begin. */
  private hasCopies(
    at: number,
    direction: number,
    signature: number,
    seconds: number,
    nanoseconds: number,
    before: number,
  ): boolean {
    if ((this.frames - this.unsure) * ONE_IN > before) return true;
    const entry = Math.imul(signature, 0x9e3779b1) >>> SHIFT;
    const isEqual = this.signatures[entry] === signature;
    const comesTwice = isEqual && this.isRecent(2 * entry, seconds, nanoseconds);
    return this.beginnings.note(at, direction, comesTwice, before);
  }

  /** Of equal packets every second one; none where it may not be a copy, but it is remembered. */
  private seenInTurns(
    mayBeCopy: boolean,
    signature: number,
    seconds: number,
    nanoseconds: number,
    octets: number,
  ): boolean {
    const slot = 2 * (Math.imul(signature, 0x9e3779b1) >>> SHIFT);
    if (!mayBeCopy) this.times[slot] = LONG_AGO;
    if (!this.seen(signature, seconds, nanoseconds, octets)) return false;
    this.unsure++;
    this.times[slot] = LONG_AGO;
    return true;
  }

  /** Counts a packet of a direction, or its copy; of one that came more often, one copy counts. */
  private weigh(at: number, weight: number, isCopy: boolean): void {
    const { told, copied } = this;
    if (isCopy) {
      copied[at] = Math.min(copied[at]! + weight, told[at]!);
      return;
    }
    if (told[at]! >= MOST_WEIGHED) {
      // Where not all were copied, what is to come is weighed anew.
      const kept = told[at] === copied[at] ? LEAST_COMPANY : 0;
      told[at] = kept;
      copied[at] = kept;
    }
    told[at] = told[at]! + weight;
  }

  private isRecent(at: number, seconds: number, nanoseconds: number): boolean {
    const apart = seconds - this.times[at]!;
    if (apart > 1 || apart < -1) return false;
    const since = apart * 1e9 + nanoseconds - this.times[at + 1]!;
    return since <= WINDOW_NS && since >= -WINDOW_NS;
  }
}

/** How the directions of datagrams without an identification begin: with the same one twice, or not. */
class Beginnings {
  /** The direction that began last at each place, and whether its second datagram was looked at. */
  private readonly directions = new Int32Array(DIRECTIONS);
  private readonly judged = new Uint8Array(DIRECTIONS);
  private datagrams = 0;
  private twice = 0;
  private once = 0;

  /**
   * Notes a datagram. Returns whether so many directions began with the same one twice, in a capture of
   * next to nothing else, that a mirror makes copies.
   *
   * @param before frames of the capture until now
   */
  note(at: number, direction: number, comesTwice: boolean, before: number): boolean {
    this.datagrams++;
    if (this.directions[at] !== direction) {
      this.directions[at] = direction;
      this.judged[at] = 0;
    } else if (this.judged[at] === 0) {
      this.judged[at] = 1;
      if (comesTwice) this.twice++;
      else this.once++;
    }
    const { datagrams, twice, once } = this;
    if (twice < LEAST_TWICE || twice < TWICE_FOR_ONCE * once) return false;
    return (before - datagrams) * ONE_IN <= datagrams;
  }
}
