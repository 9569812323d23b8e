/**
 * Frames in, packet rows out: the state that all protocol decoders share, and the loop over a
 * batch of frames. Each protocol has its own file, which takes the decoder and an offset.
 *
 * Offsets are into `bytes`. `end` is where the captured octets stop, `wireEnd` where the packet
 * stopped on the wire (`wireEnd >= end` until a length field says less). Decoders check bounds
 * once per header and then read freely. Nothing is allocated per packet.
 */
import { AddressPool } from '../net/address-pool.ts';
import { ContextPool } from './context.ts';
import { DuplicateWindow, NUMBERED, type Telling } from './duplicates.ts';
import { FAULTS, LINK_CUT, TUNNELS_DEEP } from './faults.ts';
import { finishHash, plainHash, symmetricHash } from './flow-hash.ts';
import { FragmentTable, WAITING } from './fragments.ts';
import type { CaptureInterface, FrameBatch } from './frame-batch.ts';
import { decodeLink } from './link.ts';
import { goOn, type Layer, LinkPaths } from './link-paths.ts';
import {
  M_DUPLICATE,
  M_FIRST_FRAGMENT,
  M_INNER,
  P_ACKNOWLEDGMENT,
  P_CARRIED,
  P_DESTINATION,
  P_FLAGS,
  P_FRAME,
  P_HASH,
  P_INTERFACE,
  P_IP_LENGTH,
  P_KIND,
  P_MARKS,
  P_NANOSECONDS,
  P_PAYLOAD,
  P_PORTS,
  P_SECONDS,
  P_SEQUENCE,
  P_SOURCE,
  PACKET_WORDS,
} from './packet-batch.ts';
import { TeredoClients } from './teredo.ts';

/** No frame is begun when more rows than this are there. */
const ROWS_BEFORE_FRAME = 896;
/**
 * Room for what one frame can add beside packets in tunnels: the subframes of an 802.11
 * aggregate (at most 64, each with a quoted packet) and the fragments they release (64).
 */
const ROWS_BESIDE_TUNNELS = 192;
/** Room for packets in tunnels; no further one is opened when it is used up. */
const ROWS_IN_TUNNELS = 64;
const TUNNELS_UNTIL = ROWS_BEFORE_FRAME + ROWS_IN_TUNNELS;
/** Rows of a batch that a decoder fills; the last part is for `flush`. */
export const ROW_CAPACITY = TUNNELS_UNTIL + ROWS_BESIDE_TUNNELS + WAITING;
/** Frames of this length and longer are tallied as one: no Ethernet frame without jumbo is. */
const LONGEST_TALLIED = 1520;
/** Packets inside packets beyond this depth are counted as a fault and left unread. */
const DEEPEST = 8;
/** Link headers inside link headers (MPLS, FabricPath, PPPoE) that are followed in one frame. */
const MOST_NESTED_LINKS = 8;
/** Octets on the wire beyond this are damage: no link carries such a frame. */
const LONGEST_FRAME = 1 << 28;

/**
 * First value of counters that grow beyond 2^31: makes them floats from the start. Were they
 * integers first, the engine would have to change the decoder's shape in the middle of the input,
 * and throw away the optimised code of every decoder.
 */
const LARGE = Number.NaN;

/** Is told of TCP connections being opened and of payloads; see flow/listener.ts. */
export interface PayloadListener {
  /** The row of a SYN, or with `accepted` of a SYN-ACK, was made. */
  open(d: Decoder, row: number, accepted: boolean): void;
  /** The row of a packet was made whose payload begins at `at`, at least one octet captured. */
  hear(d: Decoder, row: number, at: number): void;
  /** An ARP message for IPv4 over Ethernet is at `at`, all its 28 octets captured. */
  arp(d: Decoder, at: number): void;
}

export interface DecoderOptions {
  /** Mixed into hashes, so that strangers cannot choose colliding flows. Default 0. */
  readonly seed?: number;
  /** Drop rows recognised as mirror-port duplicates (they are counted either way). */
  readonly dropDuplicates?: boolean;
}

/** Octets and frames that make no packet row, by what they are. */
export interface FrameTally {
  frames: number;
  octets: number;
}

/**
 * One for each input. A protocol's file exports `decodeX(d, at)`: `at` is where its header begins,
 * and what it finds goes into rows, tallies and faults. Those of what IP carries return the first
 * word of their row, -1 where it was dropped as a copy.
 */
export class Decoder {
  /**
   * Rows of the packets decoded since `rowCount` was last set to 0; see packet-batch.ts. May be
   * aimed at other memory of `ROW_CAPACITY` rows then.
   */
  rows: Int32Array = new Int32Array(ROW_CAPACITY * PACKET_WORDS);
  rowCount = 0;
  readonly addresses: AddressPool;
  readonly contexts = new ContextPool();
  /** What stood between link headers and packets. */
  readonly paths = new LinkPaths();
  readonly fragments: FragmentTable;
  readonly duplicates: DuplicateWindow;
  readonly teredo = new TeredoClients();

  /** The octets being decoded, borrowed from the frame batch. */
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  end = 0;
  wireEnd = 0;

  /** VLAN ids met so far in this frame (0 = none). */
  vlan = 0;
  innerVlan = 0;
  /** The tunnel around the packet being decoded; see context.ts. */
  tunnel = 0;
  tunnelId = 0;
  depth = 0;
  /** The frame's link-layer destination is a group address. */
  linkGroup = false;
  /** Index of the frame's Ethernet header, while the packet in it is decoded; -1 without one. */
  macAt = -1;
  /** With `depth` above 0: an enclosing packet is a first fragment, so the rest is elsewhere. */
  partial = false;
  private nestedLinks = 0;
  /** Layers between the link header and what is decoded, see link-paths.ts. */
  private path = 0;

  /** The IP packet being decoded. */
  source = 0;
  destination = 0;
  family = 0;
  ipLength = 0;
  marks = 0;
  /** How the packet whose row is emitted next is told from copies; `emit` sets it back. */
  telling: Telling = NUMBERED;

  /** The frame being decoded: its number, and its interface. */
  frame = 0;
  interface = 0;
  private seconds = 0;
  private nanoseconds = 0;
  /** Rows and IP octets of this frame that are not inside another packet. */
  private topRows = 0;
  private topOctets = 0;
  private octetsOnWire = 0;
  private dropped = false;

  /** Frames and octets (original length) seen in all. */
  frames = 0;
  octets = LARGE;
  /** Octets captured, which is less where a snap length cut frames. */
  capturedOctets = LARGE;
  cutFrames = 0;
  /** Frames by original length in octets; the last entry counts all longer ones. */
  readonly lengths = new Float64Array(LONGEST_TALLIED + 1);
  /** Octets of frames that carried IP which are not part of the outermost IP packet. */
  linkOctets = LARGE;
  /** Frames that made at least one packet row. */
  ipFrames = 0;
  /** Frames left out as duplicates, with `dropDuplicates` only. */
  droppedFrames = 0;
  droppedOctets = 0;
  /** TCP packets longer than an Ethernet frame carries: segmentation offload or jumbo frames. */
  oversizedPackets = 0;
  /** Frames that are not IP, by kind: an EtherType, an 802.2 SAP (below 0x600), or one of the
   * `KIND_` ranges of faults.ts plus a number of its own. */
  readonly otherFrames = new Map<number, FrameTally>();
  /** Frames whose link type no decoder reads, by link type. */
  readonly unknownLinks = new Map<number, FrameTally>();
  /** Frames that are IP by their link header but could not be read as far as an IP row. */
  readonly unreadable: FrameTally = { frames: 0, octets: 0 };
  /** How often each of `FAULTS` occurred, and the first frame and interface that showed it. */
  readonly faultCounts = new Float64Array(FAULTS.length);
  readonly faultFrames = new Float64Array(FAULTS.length);
  readonly faultInterfaces = new Uint16Array(FAULTS.length);

  /** Listens to payloads; null for none. */
  listener: PayloadListener | null = null;
  readonly seed: number;
  private readonly dropDuplicates: boolean;
  /** Kind of the frame being decoded when it turns out not to be IP; -1 = IP. */
  private other = -1;

  constructor(options: DecoderOptions = {}) {
    this.octets = 0;
    this.capturedOctets = 0;
    this.linkOctets = 0;
    this.seed = (options.seed ?? 0) | 0;
    this.dropDuplicates = options.dropDuplicates ?? false;
    this.addresses = new AddressPool(this.seed);
    this.duplicates = new DuplicateWindow();
    this.fragments = new FragmentTable(this.seed);
  }

  /**
   * Decodes frames of a batch from index `from` until the batch or the room for rows ends.
   * Returns the index of the first frame not yet decoded.
   */
  decode(batch: FrameBatch, interfaces: readonly CaptureInterface[], from: number): number {
    this.bytes = batch.bytes;
    this.view = batch.view;
    const { count, offset, captured, original, seconds, nanoseconds, number } = batch;
    const { lengths } = this;
    let octets = this.octets;
    let capturedOctets = this.capturedOctets;
    let linkOctets = this.linkOctets;
    let index = from;
    for (; index < count && !this.full; index++) {
      const at = offset[index]!;
      const here = captured[index]!;
      const onWire = original[index]!;
      const port = batch.interface[index]!;
      this.frame = number[index]!;
      this.seconds = seconds[index]!;
      this.nanoseconds = nanoseconds[index]!;
      this.interface = port;
      this.end = at + here;
      this.wireEnd = at + onWire;
      this.octetsOnWire = onWire;
      // A switch's own tag gives a VLAN without a layer to step into.
      if ((this.path | this.vlan | this.depth) !== 0) this.restart();
      this.linkGroup = false;
      this.macAt = -1;
      this.topRows = 0;
      this.topOctets = 0;
      this.other = -1;
      this.dropped = false;
      octets += onWire;
      capturedOctets += here;
      lengths[Math.min(onWire, LONGEST_TALLIED)]!++;
      if (here < onWire) this.noteCut(at, here, onWire);
      decodeLink(this, interfaces[port]!.linkType, at);
      if (this.topRows > 0) {
        this.ipFrames++;
        linkOctets += onWire - this.topOctets;
      } else this.tallyRest(onWire);
    }
    this.frames += index - from;
    this.octets = octets;
    this.capturedOctets = capturedOctets;
    this.linkOctets = linkOctets;
    return index;
  }

  /** A frame of which only the first octets were captured. */
  private noteCut(at: number, captured: number, original: number): void {
    this.cutFrames++;
    if (original > LONGEST_FRAME) this.wireEnd = at + Math.max(captured, LONGEST_FRAME);
  }

  /** Whether the rows must be taken before the next frame; else there is room for more of them. */
  get full(): boolean {
    return this.rowCount > ROWS_BEFORE_FRAME;
  }

  /**
   * Makes rows of the fragments still waiting for their first one; call at the end of input. There
   * is room for them beside the rows of the last `decode`.
   */
  flush(): void {
    this.fragments.releaseAll(this);
  }

  /** Appends a row made earlier (a fragment that waited). */
  append(row: Int32Array, from: number): void {
    const at = this.rowCount++ * PACKET_WORDS;
    for (let word = 0; word < PACKET_WORDS; word++) this.rows[at + word] = row[from + word]!;
  }

  /** Counts a fault against the present frame. */
  fault(code: number): void {
    if (this.faultCounts[code]!++ === 0) {
      this.faultFrames[code] = this.frame;
      this.faultInterfaces[code] = this.interface;
    }
  }

  /** Says that the present frame is not IP but this EtherType or (below 0x600) 802.2 SAP. */
  notIp(kind: number): void {
    if (this.topRows === 0) this.other = kind;
  }

  /** Says that no decoder reads this link type. */
  unknownLink(linkType: number): void {
    this.other = -2 - linkType;
  }

  /** The time of the present frame, whole seconds. */
  get now(): number {
    return this.seconds;
  }

  /** Counts a frame that made no row, or whose rows were left out. */
  private tallyRest(octets: number): void {
    const { other } = this;
    if (this.dropped) {
      this.droppedFrames++;
      this.droppedOctets += octets;
      return;
    }
    let tally = this.unreadable;
    if (other >= 0) tally = tallyOf(this.otherFrames, other);
    else if (other <= -2) tally = tallyOf(this.unknownLinks, -2 - other);
    tally.frames++;
    tally.octets += octets;
  }

  /**
   * Writes the row of a packet whose addresses, family, IP length and marks are set in this
   * decoder. Returns the row's first word index, or -1 when it was dropped as a duplicate.
   *
   * @param signature tells copies of one packet apart from other packets of the same flow (IP
   *   identification, checksum, sequence); 0 = cannot tell.
   */
  emit(
    protocol: number,
    ports: number,
    payload: number,
    flags: number,
    sequence: number,
    acknowledgment: number,
    signature: number,
  ): number {
    const rows = this.rows;
    const at = this.rowCount * PACKET_WORDS;
    const context =
      (this.vlan | this.depth) === 0
        ? 0
        : this.contexts.intern(this.vlan, this.innerVlan, this.tunnel, this.tunnelId, this.depth);
    const source = this.source;
    const destination = this.destination;
    const h = symmetricHash(this.seed, source, destination, ports);
    let marks = this.marks;
    if (this.depth > 0) marks |= M_INNER;
    else {
      if (signature !== 0 && this.isCopy(plainHash(source, destination, ports), signature)) {
        if (this.dropDuplicates) {
          this.telling = NUMBERED;
          this.dropped = true;
          return -1;
        }
        marks |= M_DUPLICATE;
      }
      if (this.path !== 0) this.paths.note(this.path, this.interface);
      this.topRows++;
      this.topOctets += this.ipLength;
    }
    this.telling = NUMBERED;
    rows[at + P_SOURCE] = source;
    rows[at + P_DESTINATION] = destination;
    rows[at + P_PORTS] = ports;
    const kind = protocol | this.family | (context << 16);
    rows[at + P_KIND] = kind;
    rows[at + P_IP_LENGTH] = this.ipLength;
    rows[at + P_PAYLOAD] = payload;
    rows[at + P_FLAGS] = flags;
    rows[at + P_SEQUENCE] = sequence;
    rows[at + P_ACKNOWLEDGMENT] = acknowledgment;
    rows[at + P_CARRIED] = 0;
    rows[at + P_INTERFACE] = this.interface;
    rows[at + P_FRAME] = this.frame;
    rows[at + P_SECONDS] = this.seconds;
    rows[at + P_NANOSECONDS] = this.nanoseconds;
    rows[at + P_MARKS] = marks;
    rows[at + P_HASH] = finishHash(h, kind);
    this.rowCount++;
    return at;
  }

  /** Whether a mirror sent the present packet before; `direction` is the hash of its ends. */
  private isCopy(direction: number, signature: number): boolean {
    const { duplicates, telling, seconds, nanoseconds, octetsOnWire } = this;
    const own = direction ^ signature;
    return telling === NUMBERED
      ? duplicates.seen(own, seconds, nanoseconds, octetsOnWire)
      : duplicates.seenUnnumbered(
          direction,
          telling,
          own,
          seconds,
          nanoseconds,
          octetsOnWire,
          this.ipFrames,
        );
  }

  /** Whether one more packet may be opened inside the present one. */
  enter(tunnel: number, tunnelId: number): boolean {
    if (this.depth >= DEEPEST || this.rowCount >= TUNNELS_UNTIL) {
      this.fault(TUNNELS_DEEP);
      return false;
    }
    this.partial = (this.depth > 0 && this.partial) || (this.marks & M_FIRST_FRAGMENT) !== 0;
    this.depth++;
    this.linkGroup = false;
    this.macAt = -1;
    this.tunnel = tunnel;
    this.tunnelId = tunnelId;
    this.vlan = 0;
    this.innerVlan = 0;
    return true;
  }

  /**
   * Ends what `enter` began: if rows came out of it, the enclosing row at `outer` is charged only
   * with the octets that the packet inside does not account for.
   */
  leave(outer: number, rowsBefore: number): void {
    if (this.rowCount > rowsBefore && outer >= 0) {
      this.rows[outer + P_CARRIED] = this.rows[rowsBefore * PACKET_WORDS + P_IP_LENGTH]!;
    }
  }

  /** Starts over, outside of any tunnel, for the next packet of a frame that holds several. */
  restart(): void {
    this.depth = 0;
    this.tunnel = 0;
    this.tunnelId = 0;
    this.vlan = 0;
    this.innerVlan = 0;
    this.path = 0;
  }

  /** Says that what follows stands behind such a layer of the link. */
  pass(layer: Layer): void {
    this.path = goOn(this.path, layer);
  }

  /**
   * Whether one more link header may be followed inside a link header; every true is answered
   * with `leaveLink`. Without this a hostile frame could nest thousands and exhaust the stack.
   */
  enterLink(): boolean {
    if (this.nestedLinks >= MOST_NESTED_LINKS) {
      this.fault(TUNNELS_DEEP);
      return false;
    }
    this.nestedLinks++;
    return true;
  }

  leaveLink(): void {
    this.nestedLinks--;
  }

  /** Checks that `length` octets from `at` were captured; counts a cut link header otherwise. */
  has(at: number, length: number): boolean {
    if (this.end - at >= length) return true;
    this.fault(LINK_CUT);
    return false;
  }
}

/** The tally kept under a number; a new one of zeros the first time. */
function tallyOf(tallies: Map<number, FrameTally>, key: number): FrameTally {
  let tally = tallies.get(key);
  if (tally === undefined) {
    tally = { frames: 0, octets: 0 };
    tallies.set(key, tally);
  }
  return tally;
}
