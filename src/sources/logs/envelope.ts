/**
 * A line of another log within a JSON object, as containers and collectors write it: Docker
 * (`{"log":"…\n","stream":"stdout","time":"…"}`), Filebeat and Vector (`"message"`), Amazon Data
 * Firehose, Google Cloud Logging (`"textPayload"`), Splunk (`"_raw"`). The line may have a header
 * of its own, which counts; what it lacks, time and host, is taken from the object.
 *
 * Objects that are records of a format themselves are none, though they may have a message too.
 */
import { AddressPool } from '../../net/address-pool.ts';
import type { Clock } from './clock.ts';
import { Scan } from './scan.ts';

const SPACE = 0x20;
const BRACE = 0x7b;
const TAB = 0x09;
/** Members that hold the line, the first one found. */
const TEXTS = ['log', 'message', 'msg', '_raw', 'textPayload', 'MESSAGE'];
const NEEDLES = TEXTS.map((name) => `"${name}"`);
/** Members that tell an object which is a record itself. */
const RECORDS = ['event_type', 'jsonPayload', 'id.orig_h', 'loguid', 'flowRecords', 'srcaddr'];
const STAMPS = ['time', '@timestamp', 'timestamp'];
const HOSTS = ['host', 'hostname', '_HOSTNAME'];

/** What `open` found. */
export const NONE = 0;
export const OPENED = 1;
export const BROKEN = 2;
/** Of an object that is cut off: octets in front of the member with the text. */
const NEAR = 4;

/** One line at a time; `bytes` may be another array after a line that is longer than all before. */
export class Envelope {
  /** `host message`; a new one overwrites it. Room for those who look ahead is behind the end. */
  bytes: Uint8Array = new Uint8Array(4096);
  hostEnd = 0;
  messageStart = 0;
  end = 0;
  /** ms since 1970 by the object, NaN without. */
  timeMs = Number.NaN;
  private readonly decoder = new TextDecoder();
  private readonly encoder = new TextEncoder();
  private readonly stamp = new Scan(new AddressPool(0, 1));

  /**
   * `OPENED` where the line `bytes[start, end)` is such an object: its text is then in the public
   * members. `BROKEN` where it begins as one and is none, so that it was cut off.
   */
  open(bytes: Uint8Array, start: number, end: number, clock: Clock): number {
    let at = start;
    while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
    if (bytes[at] !== BRACE) return NONE;
    const octets = Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at);
    const found = NEEDLES.map((needle) => octets.indexOf(needle)).filter((place) => place >= 0);
    if (found.length === 0) return NONE;
    let object: Readonly<Record<string, unknown>>;
    try {
      object = JSON.parse(this.decoder.decode(bytes.subarray(at, end))) as typeof object;
    } catch {
      return Math.min(...found) <= NEAR ? BROKEN : NONE;
    }
    if (RECORDS.some((name) => name in object)) return NONE;
    const text = firstText(object, TEXTS);
    if (text === undefined) return NONE;
    this.put(hostOf(object), text.replace(/\r?\n$/, ''));
    this.timeMs = this.time(object, clock);
    return OPENED;
  }

  private put(host: string, text: string): void {
    const [first, message] = [this.encoder.encode(host), this.encoder.encode(text)];
    const length = first.length + message.length;
    if (length + 64 > this.bytes.length) this.bytes = new Uint8Array(2 * (length + 64));
    this.bytes.set(first);
    this.bytes.set(message, first.length);
    this.hostEnd = this.messageStart = first.length;
    this.end = length;
  }

  /** A stamp of RFC 3339; numbers are left, as they may count anything. */
  private time(object: Readonly<Record<string, unknown>>, clock: Clock): number {
    const text = firstText(object, STAMPS);
    if (text === undefined || text.length < 19) return Number.NaN;
    const { stamp } = this;
    const octets = this.encoder.encode(`${text} `);
    stamp.aim(octets, 0, octets.length - 1);
    return clock.iso(stamp) && stamp.at === stamp.end ? clock.timeMs : Number.NaN;
  }
}

function firstText(
  object: Readonly<Record<string, unknown>>,
  names: readonly string[],
): string | undefined {
  const name = names.find((each) => typeof object[each] === 'string');
  return name === undefined ? undefined : (object[name] as string);
}

function hostOf(object: Readonly<Record<string, unknown>>): string {
  const name = firstText(object, HOSTS);
  if (name !== undefined) return name.slice(0, 255);
  const { host } = object as { readonly host?: { readonly name?: unknown } };
  return typeof host?.name === 'string' ? host.name.slice(0, 255) : '';
}
