/**
 * libpcap through FFI (pcap(3PCAP)), for systems that have no packet sockets of Linux's kind:
 * macOS, the BSDs, Windows with Npcap. Loaded on first use.
 */
import { ffi, type NativeFunction, NativeUnavailable } from './libc.ts';

const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  linux: ['libpcap.so.1', 'libpcap.so.0.8', 'libpcap.so'],
  darwin: ['/usr/lib/libpcap.A.dylib', 'libpcap.dylib'],
  win32: ['C:\\Windows\\System32\\Npcap\\wpcap.dll', 'wpcap.dll'],
};
const OTHERS = ['libpcap.so'];

const PROTOTYPES = {
  pcap_create: 'void *pcap_create(const char *source, uint8_t *error)',
  pcap_set_snaplen: 'int pcap_set_snaplen(void *handle, int octets)',
  pcap_set_promisc: 'int pcap_set_promisc(void *handle, int on)',
  pcap_set_timeout: 'int pcap_set_timeout(void *handle, int ms)',
  pcap_set_buffer_size: 'int pcap_set_buffer_size(void *handle, int octets)',
  pcap_activate: 'int pcap_activate(void *handle)',
  pcap_datalink: 'int pcap_datalink(void *handle)',
  pcap_setnonblock: 'int pcap_setnonblock(void *handle, int on, uint8_t *error)',
  pcap_next_ex: 'int pcap_next_ex(void *handle, void *header, void *octets)',
  pcap_stats: 'int pcap_stats(void *handle, void *counts)',
  pcap_geterr: 'const char *pcap_geterr(void *handle)',
  pcap_close: 'void pcap_close(void *handle)',
  pcap_findalldevs: 'int pcap_findalldevs(void *list, uint8_t *error)',
  pcap_freealldevs: 'void pcap_freealldevs(void *list)',
} as const;

type Calls = Readonly<Record<keyof typeof PROTOTYPES | 'pcap_setfilter', NativeFunction>>;

let calls: Calls | undefined;

/** Throws `NativeUnavailable` where the library is not installed. */
function pcap(): Calls {
  if (calls !== undefined) return calls;
  const koffi = ffi();
  const names = LIBRARIES[process.platform] ?? OTHERS;
  for (const name of names) {
    let library: ReturnType<typeof koffi.load>;
    try {
      library = koffi.load(name);
    } catch {
      continue;
    }
    koffi.struct('portreeve_bpf_program', { length: 'uint32_t', steps: 'uint8_t *' });
    const bound: Record<string, NativeFunction> = {
      pcap_setfilter: library.func(
        'int pcap_setfilter(void *handle, const portreeve_bpf_program *program)',
      ),
    };
    for (const [key, prototype] of Object.entries(PROTOTYPES)) bound[key] = library.func(prototype);
    calls = bound as Calls;
    return calls;
  }
  const how =
    process.platform === 'win32' ? 'Npcap (npcap.com) brings it' : 'install the package libpcap';
  throw new NativeUnavailable(`libpcap is not installed (${names.join(', ')}); ${how}`);
}

const ERROR_OCTETS = 256;
const NO_SUCH_DEVICE = -5;
const NOT_PERMITTED = -8;
const PROMISCUOUS_NOT_PERMITTED = -11;

/** libpcap refused; `denied`: for want of the privilege. */
export class PcapFailure extends Error {
  override readonly name = 'PcapFailure';
  readonly denied: boolean;

  constructor(message: string, denied = false) {
    super(message);
    this.denied = denied;
  }
}

export interface PcapOptions {
  readonly device: string;
  readonly snapLength: number;
  readonly promiscuous: boolean;
  readonly bufferOctets: number;
}

/** An open handle: its address, which any thread of this process may use, one at a time. */
export interface PcapHandle {
  readonly address: bigint;
  /** DLT_ number of its frames. */
  readonly dataLink: number;
}

/** How long libpcap may keep frames to itself. */
const TIMEOUT_MS = 50;

/** Opens a device. Throws `PcapFailure`, `NativeUnavailable`. */
export function openPcap(options: PcapOptions): PcapHandle {
  const library = pcap();
  const error = Buffer.alloc(ERROR_OCTETS);
  const made = library.pcap_create(options.device, error);
  if (made === null) throw new PcapFailure(textOf(error));
  const address = BigInt(ffi().address(made));
  library.pcap_set_snaplen(address, options.snapLength);
  library.pcap_set_promisc(address, options.promiscuous ? 1 : 0);
  library.pcap_set_timeout(address, TIMEOUT_MS);
  library.pcap_set_buffer_size(address, options.bufferOctets);
  const result: number = library.pcap_activate(address);
  if (result < 0) {
    const said: string = library.pcap_geterr(address);
    library.pcap_close(address);
    const denied = result === NOT_PERMITTED || result === PROMISCUOUS_NOT_PERMITTED;
    if (result === NO_SUCH_DEVICE) throw new PcapFailure(`there is no device ${options.device}`);
    throw new PcapFailure(said === '' ? `pcap_activate gave ${result}` : said, denied);
  }
  library.pcap_setnonblock(address, 1, error);
  return { address, dataLink: library.pcap_datalink(address) };
}

function textOf(octets: Buffer): string {
  return octets.toString('utf8', 0, Math.max(0, octets.indexOf(0)));
}

/** Sets a classic BPF program of 8 octets an instruction. Throws `PcapFailure`. */
export function filterPcap({ address }: PcapHandle, steps: Uint8Array): void {
  const library = pcap();
  const program = { length: steps.length / 8, steps };
  if (library.pcap_setfilter(address, program) !== 0) throw failureOf(address);
}

function failureOf(address: bigint): PcapFailure {
  return new PcapFailure(pcap().pcap_geterr(address));
}

/** Octets of struct pcap_pkthdr up to its lengths, which depend on that of `long`. */
const LENGTHS_AT = process.platform === 'win32' ? 8 : 16;
const LONG = LENGTHS_AT / 2;
/** tv_usec of macOS has four octets; its upper half would be padding. */
const HEADER_OCTETS = LENGTHS_AT + 8;

/** Reads frames of one handle, without waiting. */
export class PcapReader {
  seconds = 0;
  microseconds = 0;
  captured = 0;
  original = 0;
  private readonly handle: PcapHandle;
  private readonly pointers = new BigUint64Array(2);
  private readonly first = this.pointers.subarray(0, 1);
  private readonly second = this.pointers.subarray(1, 2);
  private headerAt = 0n;
  private header = new DataView(new ArrayBuffer(HEADER_OCTETS));

  constructor(handle: PcapHandle) {
    this.handle = handle;
  }

  /**
   * Aims at the next frame: true, or false where there is none now. Its octets are libpcap's, and
   * valid until the next call. Throws `PcapFailure` when nothing more will come.
   */
  next(): boolean {
    const { address } = this.handle;
    const result: number = pcap().pcap_next_ex(address, this.first, this.second);
    if (result === 0) return false;
    if (result !== 1) throw failureOf(address);
    if (this.pointers[0] !== this.headerAt) {
      this.headerAt = this.pointers[0]!;
      this.header = new DataView(ffi().view(this.headerAt, HEADER_OCTETS) as ArrayBuffer);
    }
    const { header } = this;
    this.seconds = header.getUint32(0, true);
    this.microseconds = header.getUint32(LONG, true);
    this.captured = header.getUint32(LENGTHS_AT, true);
    this.original = header.getUint32(LENGTHS_AT + 4, true);
    return true;
  }

  /** Copies the frame's octets. */
  copy(into: Uint8Array, at: number): void {
    if (this.captured === 0) return;
    const octets = ffi().view(this.pointers[1]!, this.captured) as ArrayBuffer;
    into.set(new Uint8Array(octets), at);
  }
}

/** Frames received and dropped so far. */
export function pcapCounts({ address }: PcapHandle): { received: number; dropped: number } {
  // Longer than struct pcap_stat of any system.
  const counts = new Uint32Array(16);
  pcap().pcap_stats(address, counts);
  return { received: counts[0]!, dropped: counts[1]! };
}

/** Once for each handle: libpcap frees it. */
export function closePcap({ address }: PcapHandle): void {
  pcap().pcap_close(address);
}

export interface PcapDevice {
  readonly name: string;
  readonly description: string;
  readonly up: boolean;
  readonly running: boolean;
  readonly loopback: boolean;
}

const LOOPBACK = 1;
const UP = 2;
const RUNNING = 4;

/** Devices that may be captured from. Throws `PcapFailure`, `NativeUnavailable`. */
export function listPcapDevices(): PcapDevice[] {
  const library = pcap();
  const koffi = ffi();
  const list = new BigUint64Array(1);
  const error = Buffer.alloc(ERROR_OCTETS);
  if (library.pcap_findalldevs(list, error) !== 0) throw new PcapFailure(textOf(error));
  const found: PcapDevice[] = [];
  // struct pcap_if: next, name, description, addresses, flags.
  for (let at = list[0]!; at !== 0n; ) {
    const view = new DataView(koffi.view(at, 36) as ArrayBuffer);
    const text = (offset: number): string => {
      const pointer = view.getBigUint64(offset, true);
      return pointer === 0n ? '' : (koffi.decode(pointer, 'char', -1) as string);
    };
    const flags = view.getUint32(32, true);
    found.push({
      name: text(8),
      description: text(16),
      up: (flags & UP) !== 0,
      running: (flags & RUNNING) !== 0,
      loopback: (flags & LOOPBACK) !== 0,
    });
    at = view.getBigUint64(0, true);
  }
  library.pcap_freealldevs(list[0]!);
  return found;
}
