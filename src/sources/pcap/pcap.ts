/**
 * The pcap format (draft-ietf-opsawg-pcap) and its kin: both byte orders, micro- and nanosecond
 * stamps, length fields swapped before version 2.3, the FCS length in the link type field, and
 * the variants of `pcap-variant.ts`.
 *
 * File header, 24 octets: magic 0, major 4, minor 6, reserved 8 and 12, snap length 16, link type
 * 20. Record header, 16 octets: seconds 0, fraction 4, captured length 8, original length 12.
 * A file header in place of a record begins another capture: files are put end to end at times.
 */
import { FRAME_BATCH_CAPACITY, type FrameBatch } from '../../wire/frame-batch.ts';
import { aixLinkType, guessExtra, type PcapVariant, variantOf } from './pcap-variant.ts';
import { GO_ON, type RecordWalker, STOP, type WalkerHost } from './walker.ts';
import type { Window } from './window.ts';

const FILE_HEADER_OCTETS = 24;
const RECORD_HEADER_OCTETS = 16;
/** No file may state a larger record than this: 16 MiB, the bound libpcap has for pcapng. */
const LARGEST_STATED = 16 * 1024 * 1024;

/**
 * Whether another capture begins where a record should: files that were put end to end. As a record
 * it would be empty, with a fraction of which only one of a million has the value of a version.
 */
function isFileHeader(view: DataView, at: number): boolean {
  const variant = variantOf(view.getUint32(at, false));
  if (variant === undefined || view.getUint32(at + 8) !== 0 || view.getUint32(at + 12) !== 0) {
    return false;
  }
  const little = variant.littleEndian;
  return view.getUint16(at + 4, little) === 2 && view.getUint16(at + 6, little) === 4;
}

type LengthOrder = 'captured-first' | 'original-first' | 'uncertain';

/** One for each input; captures put end to end are one input, each with an interface of its own. */
export class PcapWalker implements RecordWalker {
  readonly #host: WalkerHost;
  #variant: PcapVariant | undefined;
  #headerOctets = 0;
  /** True until the first records were looked at for a longer header. */
  #guess = false;
  #lengths: LengthOrder = 'captured-first';
  #largest = 0;
  #interface = 0;
  #records = 0;

  constructor(host: WalkerHost) {
    this.#host = host;
  }

  walk(window: Window, batch: FrameBatch): number {
    if (this.#headerOctets === 0) {
      const needed = this.#openFile(window);
      if (needed !== GO_ON) return needed;
    }
    const variant = this.#variant!;
    if (this.#guess) {
      if (window.available < this.#headerOctets) return this.#headerOctets;
      this.#guess = false;
      this.#headerOctets =
        RECORD_HEADER_OCTETS +
        guessExtra(window.view, window.start, window.end, variant, this.#largest);
    }
    if (
      variant.littleEndian &&
      this.#headerOctets === RECORD_HEADER_OCTETS &&
      this.#lengths === 'captured-first'
    ) {
      this.#walkCommon(window, batch, variant.nanosecondsPerUnit);
    } else {
      this.#walkAny(window, batch, variant);
    }
    if (batch.count === FRAME_BATCH_CAPACITY) return GO_ON;
    return this.#wanted(window);
  }

  end(window: Window, needed: number): void {
    const available = window.available;
    if (this.#headerOctets !== 0 && available === 0) return;
    const header = this.#headerOctets === 0;
    this.#host.fault({
      code: header ? 'truncated-file-header' : 'truncated-record',
      layer: 'pcap',
      offset: window.offset,
      record: header ? 0 : this.#records + 1,
      required: needed,
      available,
      ends: true,
      what: header ? 'the file header is cut short' : 'the last record is cut short',
      why: 'the capture was stopped, or the file copied, while a record was being written',
      do: 'nothing is lost before this point; copy the file again if its original is longer',
    });
  }

  /** Reads the file header. Returns GO_ON, STOP, or the octets needed. */
  #openFile(window: Window): number {
    if (window.available < FILE_HEADER_OCTETS) return FILE_HEADER_OCTETS;
    const { view, start } = window;
    const variant = variantOf(view.getUint32(start, false))!;
    const octets = FILE_HEADER_OCTETS + variant.extraFileHeader;
    if (window.available < octets) return octets;
    const little = variant.littleEndian;
    const major = view.getUint16(start + 4, little);
    const minor = view.getUint16(start + 6, little);
    const snapLength = view.getUint32(start + 16, little);
    const field = view.getUint32(start + 20, little);
    if (major !== 2 && major !== 543) {
      return this.#refuse(window, 'unsupported-version', `pcap version ${major}.${minor}`, {
        why: 'only versions 2.0 and later (and the 543.0 of DG/UX) are described anywhere',
        do: 'convert the file with a tool of its time to pcap version 2.4',
      });
    }
    if ((field & 0x0bff0000) !== 0) {
      return this.#refuse(
        window,
        'bad-link-type',
        `reserved bits of the link type field are set (0x${field.toString(16).padStart(8, '0')})`,
        {
          why: 'the file header is damaged, or of a kind that is not described anywhere',
          do: 'write the capture again with a current tool',
        },
      );
    }
    if (major === 543 || minor < 3) this.#lengths = 'original-first';
    else if (minor === 3) this.#lengths = 'uncertain';
    const fcsLength = (field & 0x04000000) !== 0 ? (field >>> 28) * 2 : undefined;
    const aix = variant.nanosecondsPerUnit === 1000 ? aixLinkType(major, minor, field) : undefined;
    this.#interface = this.#host.addInterface({
      linkType: aix ?? field & 0xffff,
      snapLength,
      ...(fcsLength === undefined ? {} : { fcsLength }),
    });
    if (this.#interface < 0) {
      return this.#refuse(window, 'too-many-interfaces', 'no room for one more interface', {
        why: 'frames refer to their interface by a number of 16 bits',
        do: 'read fewer captures at once',
      });
    }
    this.#largest = Math.max(this.#host.largestRecord, Math.min(snapLength, LARGEST_STATED));
    // AIX counts nanoseconds under the magic number of microseconds.
    this.#variant = aix === undefined ? variant : { ...variant, nanosecondsPerUnit: 1 };
    this.#guess = major === 2 && minor === 4;
    this.#headerOctets = RECORD_HEADER_OCTETS + variant.extraRecordHeader;
    window.start = start + octets;
    return GO_ON;
  }

  #refuse(
    window: Window,
    code: 'unsupported-version' | 'bad-link-type' | 'too-many-interfaces',
    what: string,
    people: { why: string; do: string },
  ): number {
    this.#host.fault({
      code,
      layer: 'pcap',
      offset: window.offset,
      record: 0,
      ends: true,
      what,
      ...people,
    });
    return STOP;
  }

  /**
   * The loop nearly every capture takes: little-endian, current header. Of 32-bit integers alone:
   * what is large as an unsigned number is negative here, and is left to `#wanted` or to `carry`.
   */
  #walkCommon(window: Window, batch: FrameBatch, unit: number): void {
    const { view, end } = window;
    const { offset, captured, original, seconds, nanoseconds, number } = batch;
    const largest = this.#largest | 0;
    const unitsPerSecond = (1e9 / unit) | 0;
    let at = window.start | 0;
    let count = batch.count;
    const bias = this.#records + 1 - count;
    while (end - at >= RECORD_HEADER_OCTETS && count < FRAME_BATCH_CAPACITY) {
      const length = view.getInt32(at + 8, true);
      const start = (at + RECORD_HEADER_OCTETS) | 0;
      if (length < 0 || length > largest || length > end - start) break;
      if (length === 0 && isFileHeader(view, at)) break;
      const wire = view.getInt32(at + 12, true);
      const fraction = view.getInt32(at + 4, true);
      offset[count] = start;
      captured[count] = length;
      original[count] = wire >= 0 && wire < length ? length : wire;
      seconds[count] = view.getInt32(at, true);
      if (fraction >= 0 && fraction < unitsPerSecond) {
        nanoseconds[count] = Math.imul(fraction, unit);
      } else carry(batch, count, fraction >>> 0, unitsPerSecond, unit);
      number[count] = bias + count;
      count++;
      at = (start + length) | 0;
    }
    this.#finish(window, batch, at, count);
  }

  /** The same for every other variant. */
  #walkAny(window: Window, batch: FrameBatch, variant: PcapVariant): void {
    const { view, end } = window;
    const little = variant.littleEndian;
    const header = this.#headerOctets;
    const unit = variant.nanosecondsPerUnit;
    const largest = this.#largest;
    const last = end - header;
    let at = window.start;
    let count = batch.count;
    const bias = this.#records + 1 - count;
    while (at <= last && count < FRAME_BATCH_CAPACITY) {
      const length = this.#capturedLength(view, at);
      const next = at + header + length;
      if (length > largest || next > end) break;
      if (length === 0 && isFileHeader(view, at)) break;
      const wire = this.#originalLength(view, at);
      const fraction = view.getUint32(at + 4, little) * unit;
      const carry = Math.floor(fraction / 1e9);
      batch.offset[count] = at + header;
      batch.captured[count] = length;
      batch.original[count] = Math.max(wire, length);
      batch.seconds[count] = view.getUint32(at, little) + carry;
      batch.nanoseconds[count] = fraction - carry * 1e9;
      batch.number[count] = bias + count;
      count++;
      at = next;
    }
    this.#finish(window, batch, at, count);
  }

  #finish(window: Window, batch: FrameBatch, at: number, count: number): void {
    batch.interface.fill(this.#interface, batch.count, count);
    this.#records += count - batch.count;
    batch.count = count;
    window.start = at;
  }

  #capturedLength(view: DataView, at: number): number {
    const little = this.#variant!.littleEndian;
    const first = view.getUint32(at + 8, little);
    if (this.#lengths === 'captured-first') return first;
    const second = view.getUint32(at + 12, little);
    if (this.#lengths === 'original-first') return second;
    return Math.min(first, second);
  }

  #originalLength(view: DataView, at: number): number {
    const little = this.#variant!.littleEndian;
    const second = view.getUint32(at + 12, little);
    if (this.#lengths === 'captured-first') return second;
    const first = view.getUint32(at + 8, little);
    if (this.#lengths === 'original-first') return first;
    return Math.max(first, second);
  }

  /** Octets wanted for the next record, or STOP when it cannot be one. */
  #wanted(window: Window): number {
    if (window.available < this.#headerOctets) return this.#headerOctets;
    if (isFileHeader(window.view, window.start)) {
      this.#headerOctets = 0;
      this.#lengths = 'captured-first';
      return GO_ON;
    }
    const length = this.#capturedLength(window.view, window.start);
    if (length <= this.#largest) return this.#headerOctets + length;
    this.#host.fault({
      code: 'record-too-large',
      layer: 'pcap',
      offset: window.offset,
      record: this.#records + 1,
      required: length,
      available: this.#largest,
      ends: true,
      what: `a record claims ${length} octets where ${this.#largest} are the most accepted`,
      why: 'the file is damaged here, and pcap has no mark from which reading could resume',
      do: 'nothing is lost before this point; raise the largest record accepted if it is genuine',
    });
    return STOP;
  }
}

/** Stamps of a whole second or more beside the seconds: some writers leave the carrying to others. */
function carry(
  { seconds, nanoseconds }: FrameBatch,
  index: number,
  fraction: number,
  unitsPerSecond: number,
  unit: number,
): void {
  const more = Math.floor(fraction / unitsPerSecond);
  seconds[index] = seconds[index]! + more;
  nanoseconds[index] = (fraction - more * unitsPerSecond) * unit;
}
