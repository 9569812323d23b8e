/**
 * A packet socket of Linux with a receive ring mapped into this process (packet_mmap.txt,
 * TPACKET_V3): the kernel fills blocks with frames, this side walks them in place and hands each
 * block back.
 *
 * The filter is attached before the socket is bound, so that not one frame that does not match is
 * ever in the ring. The ring has one owner: reading its octets after `close` would kill the
 * process, so whoever holds views of it must let them go first.
 */
import { bind, checked, ffi, type NativeFunction } from './libc.ts';

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const SO_ATTACH_FILTER = 26;
const SOL_PACKET = 263;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_RX_RING = 5;
const PACKET_STATISTICS = 6;
const PACKET_VERSION = 10;
const PACKET_MR_PROMISC = 1;
const TPACKET_V3 = 2;
const ETH_P_ALL = 3;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const FRAME_OCTETS = 2048;

const FUNCTIONS = {
  socket: 'int socket(int domain, int type, int protocol)',
  setsockopt: 'int setsockopt(int fd, int level, int name, const void *value, uint32_t length)',
  getsockopt: 'int getsockopt(int fd, int level, int name, void *value, uint32_t *length)',
  bindSocket: 'int bind(int fd, const void *address, uint32_t length)',
  mmap: 'void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)',
  munmap: 'int munmap(void *address, size_t length)',
  close: 'int close(int fd)',
  poll: 'int poll(void *fds, uint64_t count, int timeoutMs)',
} as const;

let functions: Readonly<Record<keyof typeof FUNCTIONS, NativeFunction>> | undefined;

function system(): Readonly<Record<keyof typeof FUNCTIONS, NativeFunction>> {
  functions ??= bind(FUNCTIONS);
  return functions;
}

/** Instructions of a classic BPF program, as columns. */
export interface KernelFilter {
  readonly length: number;
  readonly code: Uint16Array;
  readonly jumpTrue: Uint8Array;
  readonly jumpFalse: Uint8Array;
  readonly operand: Uint32Array;
}

export interface RingOptions {
  /** Index of the interface; 0 is all of them. */
  readonly interfaceIndex: number;
  /** Without link headers: the kernel takes them off. */
  readonly cooked: boolean;
  readonly promiscuous: boolean;
  /** Octets of one block, a power of two and a multiple of the page size. */
  readonly blockOctets: number;
  readonly blocks: number;
  /** How long a frame may wait in a block that is not full. */
  readonly retireMs: number;
  readonly filter: KernelFilter;
}

/** What the kernel counted since the ring was opened. */
export interface RingCounts {
  /** Frames that matched the filter, those dropped included. */
  received: number;
  /** Frames for which the ring had no room. */
  dropped: number;
  /** How often the ring was full. */
  freezes: number;
}

export class PacketRing {
  readonly descriptor: number;
  /** The whole ring. Invalid after `close`. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly blockOctets: number;
  readonly blocks: number;
  private readonly words: Int32Array;
  private readonly address: unknown;
  private readonly counts: RingCounts = { received: 0, dropped: 0, freezes: 0 };
  private closed = false;

  /** Throws `SystemCallError` (EPERM without the privilege) and `NativeUnavailable`. */
  constructor(options: RingOptions) {
    const { socket, mmap, close } = system();
    const type = options.cooked ? SOCK_DGRAM : SOCK_RAW;
    // Protocol 0: nothing is received before the socket is bound.
    this.descriptor = checked('socket(AF_PACKET)', socket(AF_PACKET, type, 0));
    this.blockOctets = options.blockOctets;
    this.blocks = options.blocks;
    try {
      this.set(PACKET_VERSION, Uint32Array.of(TPACKET_V3));
      const frames = (options.blockOctets / FRAME_OCTETS) * options.blocks;
      const request = Uint32Array.of(
        options.blockOctets,
        options.blocks,
        FRAME_OCTETS,
        frames,
        options.retireMs,
        0,
        0,
      );
      this.set(PACKET_RX_RING, request);
      attach(this.descriptor, options.filter);
      if (options.promiscuous && options.interfaceIndex !== 0) {
        const membership = new DataView(new ArrayBuffer(16));
        membership.setInt32(0, options.interfaceIndex, true);
        membership.setUint16(4, PACKET_MR_PROMISC, true);
        this.set(PACKET_ADD_MEMBERSHIP, new Uint8Array(membership.buffer));
      }
      const octets = options.blockOctets * options.blocks;
      this.address = mmap(null, octets, PROT_READ_WRITE, MAP_SHARED, this.descriptor, 0);
      const memory = mapped(this.address, octets);
      this.bytes = new Uint8Array(memory);
      this.view = new DataView(memory);
      this.words = new Int32Array(memory);
      this.open(options);
    } catch (error) {
      close(this.descriptor);
      throw error;
    }
  }

  /** From here on frames arrive. */
  private open({ interfaceIndex }: RingOptions): void {
    const address = new DataView(new ArrayBuffer(20));
    address.setUint16(0, AF_PACKET, true);
    address.setUint16(2, ETH_P_ALL);
    address.setInt32(4, interfaceIndex, true);
    const { bindSocket } = system();
    checked('bind', bindSocket(this.descriptor, new Uint8Array(address.buffer), 20));
  }

  private set(name: number, value: Uint8Array | Uint32Array | Int32Array): void {
    const { setsockopt } = system();
    const result = setsockopt(this.descriptor, SOL_PACKET, name, value, value.byteLength);
    checked('setsockopt', result);
  }

  /** Whether the kernel has handed the block over. */
  ready(block: number): boolean {
    return (Atomics.load(this.words, (block * this.blockOctets + 8) >> 2) & 1) !== 0;
  }

  /** Hands the block back to the kernel. */
  release(block: number): void {
    Atomics.store(this.words, (block * this.blockOctets + 8) >> 2, 0);
  }

  /** The kernel's counters, read and summed up. The object is reused. */
  statistics(): Readonly<RingCounts> {
    if (this.closed) return this.counts;
    const { getsockopt } = system();
    const found = new Uint32Array(3);
    const size = Uint32Array.of(12);
    const result = getsockopt(this.descriptor, SOL_PACKET, PACKET_STATISTICS, found, size);
    if (result === 0) {
      this.counts.received += found[0]!;
      this.counts.dropped += found[1]!;
      this.counts.freezes += found[2]!;
    }
    return this.counts;
  }

  /** The socket's pending error (`ENETDOWN`), which is cleared; 0 where there is none. */
  pendingError(): number {
    const { getsockopt } = system();
    const found = new Int32Array(1);
    const size = Uint32Array.of(4);
    getsockopt(this.descriptor, SOL_SOCKET, SO_ERROR, found, size);
    return found[0]!;
  }

  /** Ends the ring. No octet of it may be read any more. Safe to call more than once. */
  close(): void {
    if (this.closed) return;
    this.statistics();
    this.closed = true;
    const { munmap, close } = system();
    munmap(this.address, this.blockOctets * this.blocks);
    close(this.descriptor);
  }
}

/** Attaches the program; from then on only frames for which it returns more than 0 count. */
function attach(descriptor: number, filter: KernelFilter): void {
  const program = new Uint8Array(filter.length * 8);
  const view = new DataView(program.buffer);
  for (let index = 0; index < filter.length; index++) {
    view.setUint16(index * 8, filter.code[index]!, true);
    program[index * 8 + 2] = filter.jumpTrue[index]!;
    program[index * 8 + 3] = filter.jumpFalse[index]!;
    view.setUint32(index * 8 + 4, filter.operand[index]!, true);
  }
  // The structure holds the program's address, which FFI fills in.
  const { attachFilter } = filters();
  checked(
    'setsockopt(SO_ATTACH_FILTER)',
    attachFilter(
      descriptor,
      SOL_SOCKET,
      SO_ATTACH_FILTER,
      { len: filter.length, filter: program },
      16,
    ),
  );
}

let attachers: Readonly<Record<'attachFilter', NativeFunction>> | undefined;

function filters(): Readonly<Record<'attachFilter', NativeFunction>> {
  if (attachers === undefined) {
    ffi().struct('portreeve_sock_fprog', { len: 'uint16_t', filter: 'uint8_t *' });
    attachers = bind({
      attachFilter:
        'int setsockopt(int fd, int level, int name, const portreeve_sock_fprog *value, uint32_t length)',
    });
  }
  return attachers;
}

function mapped(address: unknown, octets: number): ArrayBuffer {
  const koffi = ffi();
  if (address === null || koffi.address(address) === 0xffffffffffffffffn) checked('mmap', -1);
  return koffi.view(address, octets) as ArrayBuffer;
}

/** Waits until one of the sockets has something to say, or the time is over. */
export function waitForAny(descriptors: readonly number[], timeoutMs: number): Promise<void> {
  const fds = new Uint8Array(descriptors.length * 8);
  const view = new DataView(fds.buffer);
  descriptors.forEach((descriptor, index) => {
    view.setInt32(index * 8, descriptor, true);
    // POLLIN and POLLERR.
    view.setInt16(index * 8 + 4, 1 | 8, true);
  });
  const { poll } = system();
  return new Promise((resolve) => {
    poll.async(fds, descriptors.length, timeoutMs, () => resolve());
  });
}
