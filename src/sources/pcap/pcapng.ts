/**
 * The pcapng format (draft-ietf-opsawg-pcapng): sections of either byte order, each a list of
 * blocks; interfaces with their own link type and clock; frames in enhanced, simple and obsolete
 * packet blocks. Blocks without frames are passed over by their length, whatever their size.
 *
 * Any block: type 0, total length 4, body 8, total length again in its last 4 octets. A block
 * whose two lengths agree but whose body makes no sense is reported and passed over; when they
 * disagree nothing after it can be trusted.
 */
import { FRAME_BATCH_CAPACITY, type FrameBatch } from '../../wire/frame-batch.ts';
import type { CaptureFaultCode, FaultDetails } from './fault.ts';
import { BLOCK, blockName, isNumbered } from './pcapng-blocks.ts';
import { InterfaceClock } from './pcapng-clock.ts';
import { type InterfaceDescription, readInterface, readStatistics } from './pcapng-interface.ts';
import { GO_ON, type RecordWalker, STOP, type WalkerHost } from './walker.ts';
import type { Window } from './window.ts';

const SMALLEST_BLOCK = 12;
const SECTION_OCTETS = 28;
/** What a block may hold beside its frame: headers and options. */
const BLOCK_ALLOWANCE = 128 * 1024;
/** Blocks passed over are looked at in one piece up to this size, and skipped beyond it. */
const LOOK_OCTETS = 64 * 1024;
const OPTION_DROP_COUNT = 4;

/** One interface of the present section. */
interface LocalInterface {
  /** Index among all interfaces of all inputs; -1 = there was no room for it. */
  readonly index: number;
  readonly snapLength: number;
  readonly clock: InterfaceClock;
}

/** One for each input; a section's interfaces are numbered on from those before. */
export class PcapngWalker implements RecordWalker {
  readonly #host: WalkerHost;
  readonly #largest: number;
  #little = true;
  #interfaces: LocalInterface[] = [];
  /** True once an interface found no room. */
  #crowded = false;
  #blocks = 0;
  /** Number of the last frame, as Wireshark counts. */
  #numbers = 0;
  /** The total length that must follow a block skipped without looking; 0 = none. */
  #trailer = 0;
  /** Time of the frame before, for blocks that carry none. */
  #seconds = 0;
  #nanoseconds = 0;

  constructor(host: WalkerHost) {
    this.#host = host;
    this.#largest = host.largestRecord;
  }

  walk(window: Window, batch: FrameBatch): number {
    while (batch.count < FRAME_BATCH_CAPACITY) {
      const needed = this.#trailer === 0 ? this.#block(window, batch) : this.#passTrailer(window);
      if (needed !== GO_ON) return needed;
    }
    return GO_ON;
  }

  end(window: Window, needed: number): void {
    const available = window.available;
    if (this.#trailer === 0 && window.start <= window.end && available === 0) return;
    this.#report(window, 'truncated-record', {
      record: this.#trailer === 0 ? this.#blocks + 1 : this.#blocks,
      required: needed,
      available,
      ends: true,
      what: 'the last block is cut short',
      why: 'the capture was stopped, or the file copied, while a block was being written',
      do: 'nothing is lost before this point; copy the file again if its original is longer',
    });
  }

  /** Takes one block. Returns GO_ON, STOP, or the octets needed. */
  #block(window: Window, batch: FrameBatch): number {
    const available = window.end - window.start;
    if (available < SMALLEST_BLOCK) return SMALLEST_BLOCK;
    const { view, start } = window;
    const type = view.getUint32(start, this.#little);
    if (type === BLOCK.section && !this.#turn(window)) return STOP;
    const little = this.#little;
    const total = view.getUint32(start + 4, little);
    const smallest = type === BLOCK.section ? SECTION_OCTETS : SMALLEST_BLOCK;
    if (total < smallest) return this.#badLength(window, total, `${total} is no length of a block`);
    // Some writers forget to pad the body: the block still ends on a multiple of four.
    const octets = total + (-total & 3);
    const wanted = holdsFrameOrMeaning(type);
    if (octets > (wanted ? this.#largest + BLOCK_ALLOWANCE : LOOK_OCTETS)) {
      return this.#skip(window, type, total, wanted);
    }
    if (available < octets) return octets;
    const trailer = view.getUint32(start + octets - 4, little);
    if (trailer !== total && trailer !== octets) {
      return this.#badLength(
        window,
        total,
        `its length is ${total} in front and ${trailer} behind`,
      );
    }
    if (type === BLOCK.section && !this.#section(window)) return STOP;
    this.#blocks++;
    if (type === BLOCK.enhanced) this.#enhanced(window, batch, octets);
    else this.#other(window, batch, type, octets);
    window.start = start + octets;
    return GO_ON;
  }

  /** Sets the byte order of the section that begins here; false = it has none. */
  #turn(window: Window): boolean {
    const magic = window.view.getUint32(window.start + 8, false);
    if (magic === 0x1a2b3c4d || magic === 0x4d3c2b1a) {
      this.#little = magic === 0x4d3c2b1a;
      return true;
    }
    this.#report(window, 'bad-byte-order', {
      record: this.#blocks + 1,
      ends: true,
      what: 'a section header without a byte-order mark',
      why: 'the file is damaged here, and without it no length can be read',
      do: 'nothing is lost before this point; copy the file again if its original is sound',
    });
    return false;
  }

  #badLength(window: Window, total: number, what: string): number {
    this.#report(window, 'bad-block-length', {
      record: this.#blocks + 1,
      required: total,
      ends: true,
      what,
      why: 'the file is damaged here, and the next block cannot be found without a length',
      do: 'nothing is lost before this point; copy the file again if its original is sound',
    });
    return STOP;
  }

  /** Passes over a block too large to look at. Its last four octets are still checked. */
  #skip(window: Window, type: number, total: number, wanted: boolean): number {
    const ends = type === BLOCK.section;
    if (wanted) {
      this.#report(window, 'record-too-large', {
        record: this.#blocks + 1,
        required: total,
        available: this.#largest + BLOCK_ALLOWANCE,
        ends,
        what: `a block claims ${total} octets where ${this.#largest} for a frame are accepted`,
        why: 'no real interface makes such frames; the file is probably damaged here',
        do: 'the block is passed over; raise the largest record accepted if it is genuine',
      });
    } else {
      this.#passOver(type);
    }
    if (ends) return STOP;
    this.#blocks++;
    this.#trailer = total;
    window.start += total + (-total & 3) - 4;
    return GO_ON;
  }

  #passTrailer(window: Window): number {
    if (window.end - window.start < 4) return 4;
    const found = window.view.getUint32(window.start, this.#little);
    const total = this.#trailer;
    if (found !== total && found !== total + (-total & 3)) {
      this.#blocks--;
      return this.#badLength(window, total, `its length is ${total} in front and ${found} behind`);
    }
    this.#trailer = 0;
    window.start += 4;
    return GO_ON;
  }

  /** Enhanced packet block: interface 8, time 12 and 16, captured 20, original 24, data 28. */
  #enhanced(window: Window, batch: FrameBatch, octets: number): void {
    const { view, start } = window;
    const little = this.#little;
    if (octets < 32) {
      this.#badBlock(window, octets, 32, 'too short for a packet block');
      return;
    }
    const local = this.#interface(window, view.getUint32(start + 8, little));
    if (local === undefined) return;
    const captured = view.getUint32(start + 20, little);
    if (!this.#fits(window, captured, octets - 32)) return;
    const original = view.getUint32(start + 24, little);
    local.clock.read(view.getUint32(start + 12, little), view.getUint32(start + 16, little));
    this.#seconds = local.clock.seconds;
    this.#nanoseconds = local.clock.nanoseconds;
    this.#append(batch, local, start + 28, captured, original);
    const options = start + 28 + captured + (-captured & 3);
    if (start + octets - 4 - options >= 4) this.#frameOptions(window, local, options, octets);
  }

  /** Simple packet block: original 8, data 12. Its frame is of interface 0 and has no time. */
  #simple(window: Window, batch: FrameBatch, octets: number): void {
    if (octets < 16) {
      this.#badBlock(window, octets, 16, 'too short for a packet block');
      return;
    }
    const local = this.#interface(window, 0);
    if (local === undefined) return;
    const original = window.view.getUint32(window.start + 8, this.#little);
    let captured = Math.min(original, octets - 16);
    if (local.snapLength > 0) captured = Math.min(captured, local.snapLength);
    if (this.#fits(window, captured, octets - 16)) {
      this.#append(batch, local, window.start + 12, captured, original);
    }
  }

  /** Obsolete packet block: interface 8 and drops 10 of 16 bits, the rest as in the enhanced. */
  #obsolete(window: Window, batch: FrameBatch, octets: number): void {
    const { view, start } = window;
    const little = this.#little;
    if (octets < 32) {
      this.#badBlock(window, octets, 32, 'too short for a packet block');
      return;
    }
    const local = this.#interface(window, view.getUint16(start + 8, little));
    if (local === undefined) return;
    const captured = view.getUint32(start + 20, little);
    if (!this.#fits(window, captured, octets - 32)) return;
    local.clock.read(view.getUint32(start + 12, little), view.getUint32(start + 16, little));
    this.#seconds = local.clock.seconds;
    this.#nanoseconds = local.clock.nanoseconds;
    this.#append(batch, local, start + 28, captured, view.getUint32(start + 24, little));
    const drops = view.getUint16(start + 10, little);
    if (drops > 0 && drops < 0xffff) this.#lost(local, drops);
  }

  #append(
    batch: FrameBatch,
    local: LocalInterface,
    offset: number,
    captured: number,
    original: number,
  ): void {
    const count = batch.count;
    this.#numbers++;
    batch.offset[count] = offset;
    batch.captured[count] = captured;
    batch.original[count] = Math.max(original, captured);
    batch.seconds[count] = this.#seconds;
    batch.nanoseconds[count] = this.#nanoseconds;
    batch.number[count] = this.#numbers;
    batch.interface[count] = local.index;
    batch.count = count + 1;
  }

  /** Looks for a drop count among a frame's options; most frames have none, or only flags. */
  #frameOptions(window: Window, local: LocalInterface, from: number, octets: number): void {
    const { view } = window;
    const little = this.#little;
    const to = window.start + octets - 4;
    let at = from;
    while (to - at >= 4) {
      const code = view.getUint16(at, little);
      const length = view.getUint16(at + 2, little);
      if (code === 0) return;
      if (at + 4 + length > to) {
        this.#badOption(window, at, to);
        return;
      }
      if (code === OPTION_DROP_COUNT && length === 8) {
        const high = view.getUint32(at + (little ? 8 : 4), little);
        const low = view.getUint32(at + (little ? 4 : 8), little);
        if (high + low > 0) this.#lost(local, high * 4294967296 + low);
      }
      at += 4 + ((length + 3) & ~3);
    }
  }

  #lost(local: LocalInterface, drops: number): void {
    const statistics = this.#host.statistics(local.index);
    statistics.lostBetweenFrames = (statistics.lostBetweenFrames ?? 0) + drops;
  }

  /** Everything but enhanced packet blocks. */
  #other(window: Window, batch: FrameBatch, type: number, octets: number): void {
    if (type === BLOCK.interface) this.#describe(window, octets);
    else if (type === BLOCK.simple) this.#simple(window, batch, octets);
    else if (type === BLOCK.obsolete) this.#obsolete(window, batch, octets);
    else if (type === BLOCK.statistics) this.#statistics(window, octets);
    else if (type !== BLOCK.section) this.#passOver(type);
  }

  /** Begins a section; false when its version is unknown, for then even lengths may differ. */
  #section(window: Window): boolean {
    const major = window.view.getUint16(window.start + 12, this.#little);
    const minor = window.view.getUint16(window.start + 14, this.#little);
    this.#interfaces = [];
    // 1.2 was written by some tools and differs from 1.0 in nothing.
    if (major === 1 && (minor === 0 || minor === 2)) return true;
    this.#report(window, 'unsupported-version', {
      record: this.#blocks + 1,
      ends: true,
      what: `a section of pcapng version ${major}.${minor}`,
      why: 'only versions 1.0 and 1.2 are described anywhere',
      do: 'nothing is lost before this point; write the rest again with a current tool',
    });
    return false;
  }

  /** Wireshark gives log entries and custom blocks numbers among the frames; so do we. */
  #passOver(type: number): void {
    this.#host.passOver(blockName(type));
    if (isNumbered(type)) this.#numbers++;
  }

  #describe(window: Window, octets: number): void {
    if (octets < 20) {
      this.#badBlock(window, octets, 20, 'too short for an interface');
      return;
    }
    const place = { start: window.start, octets, little: this.#little };
    const { entry, resolution, offsetSeconds, bad }: InterfaceDescription = readInterface(
      window.bytes,
      window.view,
      place,
    );
    const index = this.#host.addInterface(entry);
    if (index < 0 && !this.#crowded) {
      this.#crowded = true;
      this.#report(window, 'too-many-interfaces', {
        record: this.#blocks,
        ends: false,
        what: 'no room for one more interface',
        why: 'frames refer to their interface by a number of 16 bits',
        do: 'frames of further interfaces are passed over; read fewer captures at once',
      });
    }
    this.#interfaces.push({
      index,
      snapLength: entry.snapLength,
      clock: new InterfaceClock(resolution, offsetSeconds),
    });
    if (bad >= 0) this.#badOption(window, bad, window.start + octets - 4);
  }

  #statistics(window: Window, octets: number): void {
    if (octets < 24) {
      this.#badBlock(window, octets, 24, 'too short for statistics');
      return;
    }
    const local = this.#interface(window, window.view.getUint32(window.start + 8, this.#little));
    if (local === undefined) return;
    const place = { start: window.start, octets, little: this.#little };
    const bad = readStatistics(window.view, place, this.#host.statistics(local.index));
    if (bad >= 0) this.#badOption(window, bad, window.start + octets - 4);
  }

  /** The interface a block refers to; undefined (and reported, or without room) if none. */
  #interface(window: Window, id: number): LocalInterface | undefined {
    const local = this.#interfaces[id];
    if (local === undefined) {
      this.#report(window, 'unknown-interface', {
        record: this.#blocks,
        required: id + 1,
        available: this.#interfaces.length,
        ends: false,
        what: `a block refers to interface ${id}, and the section describes ${this.#interfaces.length}`,
        why: 'the file is damaged, or was joined from parts by simple copying',
        do: 'the block is passed over; join captures with a tool made for it',
      });
      return undefined;
    }
    if (local.index >= 0) return local;
    this.#host.passOver('frame of an interface without room');
    return undefined;
  }

  #fits(window: Window, captured: number, room: number): boolean {
    if (captured <= room && captured <= this.#largest) return true;
    const most = Math.min(room, this.#largest);
    this.#badBlock(window, most, captured, `a frame of ${captured} octets in room for ${most}`);
    return false;
  }

  #badBlock(window: Window, available: number, required: number, what: string): void {
    this.#report(window, 'bad-block', {
      record: this.#blocks,
      required,
      available,
      ends: false,
      what,
      why: 'the lengths within the block contradict each other',
      do: 'the block is passed over; the tool that wrote it may be at fault',
    });
  }

  #badOption(window: Window, at: number, to: number): void {
    this.#report(window, 'bad-option', {
      offset: window.base + at,
      record: this.#blocks,
      required: 4 + window.view.getUint16(at + 2, this.#little),
      available: to - at,
      ends: false,
      what: 'an option runs beyond the end of its block',
      why: 'the tool that wrote it is at fault, or the file is damaged',
      do: 'the options before it were kept, and so was the frame',
    });
  }

  #report(
    window: Window,
    code: CaptureFaultCode,
    details: Omit<FaultDetails, 'code' | 'layer' | 'offset'> & { offset?: number },
  ): void {
    this.#host.fault({ offset: window.offset, ...details, code, layer: 'pcapng' });
  }
}

/** Whether a block must be read, rather than passed over. */
function holdsFrameOrMeaning(type: number): boolean {
  return (
    type === BLOCK.enhanced ||
    type === BLOCK.section ||
    type === BLOCK.interface ||
    type === BLOCK.simple ||
    type === BLOCK.obsolete ||
    type === BLOCK.statistics
  );
}
