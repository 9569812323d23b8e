/**
 * Payloads whose first message goes on in the next packet: a TLS ClientHello with a large key, a
 * chain of certificates. A few are kept until their segments have come in order; one that another
 * takes the place of, or that misses a segment, is given up. That loses facts, nothing else.
 */
import type { Payload } from '../wire/payload/payload.ts';

/** Messages kept at once, and octets of each. */
const PLACES = 64;
const MOST_OCTETS = 8192;

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
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

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
    const place = this.placeOf(hash);
    place.hash = hash;
    place.side = side;
    place.next = next | 0;
    place.wanted = Math.min(wanted, MOST_OCTETS);
    place.length = 0;
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
    place.hash = ~hash;
    payload.bytes = place.bytes;
    payload.view = place.view;
    payload.at = 0;
    payload.end = place.length;
    payload.length = place.length;
    return WHOLE;
  }

  private add(place: Place, payload: Payload): void {
    const length = Math.min(payload.end - payload.at, MOST_OCTETS - place.length);
    place.bytes.set(payload.bytes.subarray(payload.at, payload.at + length), place.length);
    place.length += length;
  }

  private placeOf(hash: number): Place {
    const index = hash & (PLACES - 1);
    const known = this.places[index];
    if (known !== undefined) return known;
    const bytes = new Uint8Array(MOST_OCTETS);
    const view = new DataView(bytes.buffer);
    const place = { hash: 0, side: 0, next: 0, length: 0, wanted: 0, bytes, view };
    this.places[index] = place;
    return place;
  }
}
