/**
 * Payloads whose first message goes on in the next packet: a TLS ClientHello with a large key, a
 * chain of certificates. A few are kept until their segments have come in order; one that another
 * takes the place of, or that misses a segment, is given up. That loses facts, nothing else.
 */
import type { Payload } from '../wire/payload/payload.ts';

/** Messages kept at once, and octets of each: of nearly all, and of any. */
const PLACES = 64;
const USUAL_OCTETS = 8192;
const MOST_OCTETS = 20_480;

export const GONE = 0;
export const MORE = 1;
export const WHOLE = 2;

interface Place {
  hash: number;
  side: number;
  /** Sequence number of the next segment. */
  next: number;
  length: number;
  wanted: number;
  bytes: Uint8Array;
  view: DataView;
}

/** Octets are copied, at most 20 KiB of each message. */
export class Unfinished {
  private readonly places: (Place | undefined)[] = Array.from({ length: PLACES });

  /**
   * Keeps a payload that was captured whole, to be continued at sequence number `next`; false when
   * the message is none to be waited for.
   *
   * @param wanted octets of the whole message
   */
  keep(hash: number, side: number, next: number, payload: Payload, wanted: number): boolean {
    const length = payload.end - payload.at;
    if (wanted <= length || length !== payload.length || length > MOST_OCTETS) return false;
    const place = this.placeOf(hash, wanted);
    place.hash = hash;
    place.side = side;
    place.next = next | 0;
    place.wanted = Math.min(wanted, MOST_OCTETS);
    this.add(place, payload);
    return true;
  }

  /**
   * Takes the next segment: `GONE` when the message is not (or no longer) waited for, `MORE`, or
   * `WHOLE` with the payload re-aimed at all of it.
   */
  take(hash: number, side: number, sequence: number, payload: Payload): number {
    const place = this.places[hash & (PLACES - 1)];
    if (place === undefined || place.hash !== hash || place.side !== side) return GONE;
    const ahead = (sequence - place.next) | 0;
    // Sent again: wait on. A gap, or a segment that was cut: it will not be whole any more.
    if (ahead < 0) return MORE;
    if (ahead > 0 || payload.end - payload.at !== payload.length) {
      place.hash = ~hash;
      return GONE;
    }
    place.next = (place.next + payload.length) | 0;
    this.add(place, payload);
    if (place.length < place.wanted) return MORE;
    payload.bytes = place.bytes;
    payload.view = place.view;
    payload.at = 0;
    payload.end = place.length;
    payload.length = place.length;
    return WHOLE;
  }

  /**
   * After `WHOLE`: waits on where the message turned out to have `wanted` octets, more than are
   * there; or ends the waiting. Returns whether it waits.
   */
  waitOn(hash: number, { length }: Payload, wanted: number): boolean {
    const place = this.places[hash & (PLACES - 1)]!;
    const waits = wanted > length && length < MOST_OCTETS;
    if (waits) {
      makeRoom(place, wanted);
      place.wanted = Math.min(wanted, MOST_OCTETS);
    } else place.hash = ~hash;
    return waits;
  }

  private add(place: Place, payload: Payload): void {
    const length = Math.min(payload.end - payload.at, place.bytes.length - place.length);
    place.bytes.set(payload.bytes.subarray(payload.at, payload.at + length), place.length);
    place.length += length;
  }

  private placeOf(hash: number, wanted: number): Place {
    const index = hash & (PLACES - 1);
    let place = this.places[index];
    if (place === undefined) {
      const bytes = new Uint8Array(USUAL_OCTETS);
      const view = new DataView(bytes.buffer);
      place = { hash: 0, side: 0, next: 0, length: 0, wanted: 0, bytes, view };
      this.places[index] = place;
    }
    place.length = 0;
    makeRoom(place, wanted);
    return place;
  }
}

/** Gives a place the octets of any message, once it needs more than usual. */
function makeRoom(place: Place, wanted: number): void {
  if (wanted <= place.bytes.length || place.bytes.length === MOST_OCTETS) return;
  const bytes = new Uint8Array(MOST_OCTETS);
  bytes.set(place.bytes.subarray(0, place.length));
  place.bytes = bytes;
  place.view = new DataView(bytes.buffer);
}
