/**
 * Listens for flow export on UDP ports. On Linux by system calls that take many datagrams at once,
 * with a buffer as large as the machine allows, and with the kernel's own count of what it dropped;
 * elsewhere by the runtime's sockets, which cannot tell.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import {
  DatagramBatch,
  droppedDatagrams,
  openReceiver,
  receiveBuffer,
} from '../../native/datagram-batch.ts';
import { NativeUnavailable } from '../../native/libc.ts';
import { waitForAny } from '../../native/poll.ts';
import { closeSocket } from '../../native/sockets.ts';
import { formatIPv4, formatIPv6 } from '../../net/address.ts';

/** What a port may hold while nobody reads: a second and more of what exporters send. */
const BUFFER_OCTETS = 32 * 1024 * 1024;
/** Datagrams of one call; no datagram is longer. */
const MOST_AT_ONCE = 64;
const LONGEST = 65_536;
const WAIT_MS = 100;
/** Signals and timers have a turn at least so often. */
const YIELD_EVERY_MS = 20;
const MOST_EXPORTERS = 10_000;

/** Where to listen. */
export interface ListenAddress {
  /** One word for IPv4, four for IPv6. */
  readonly words: readonly number[];
  readonly port: number;
  /** To be left out where the machine has no such address. */
  readonly optional?: boolean;
}

/** Takes one datagram; its octets are borrowed for the call. */
export type DatagramSink = (bytes: Uint8Array, exporter: string, timeMs: number) => void;

export interface FlowListener {
  /** Receives until the signal; what lies in the buffers by then is still taken. */
  run(sink: DatagramSink, signal: AbortSignal): Promise<void>;
  /** Datagrams that the kernel dropped; undefined where it cannot tell. */
  dropped(): number | undefined;
  /** Octets of the smallest buffer; undefined where that is not known. */
  readonly bufferOctets: number | undefined;
  close(): void;
}

/** Binds all addresses. Rejects with `SystemCallError` or the runtime's error. */
export async function openFlowListener(addresses: readonly ListenAddress[]): Promise<FlowListener> {
  try {
    return new NativeListener(addresses);
  } catch (error) {
    if (!(error instanceof NativeUnavailable)) throw error;
    return RuntimeListener.open(addresses);
  }
}

/** Owns its sockets, until `close`. Throws `NativeUnavailable`, `SystemCallError`. */
export class NativeListener implements FlowListener {
  readonly bufferOctets: number;
  private readonly fds: number[] = [];
  private readonly batch: DatagramBatch;
  private readonly exporters = new Map<number, string>();
  private lastDropped: number | undefined;
  private closed = false;

  constructor(addresses: readonly ListenAddress[]) {
    this.batch = new DatagramBatch(MOST_AT_ONCE, LONGEST);
    try {
      for (const address of addresses) this.open(address);
    } catch (error) {
      this.close();
      throw error;
    }
    // The kernel counts its own overhead in, and so doubles what it was asked for.
    this.bufferOctets = Math.min(...this.fds.map(receiveBuffer)) / 2;
  }

  private open({ words, port, optional }: ListenAddress): void {
    try {
      this.fds.push(openReceiver(words, port, BUFFER_OCTETS));
    } catch (error) {
      if (optional !== true || !isAbsent(error)) throw error;
    }
  }

  async run(sink: DatagramSink, signal: AbortSignal): Promise<void> {
    let yieldedMs = performance.now();
    for (;;) {
      const stopping = signal.aborted;
      let taken = 0;
      for (const fd of this.fds) taken += this.take(fd, sink);
      if (taken === 0) {
        if (stopping) return;
        await waitForAny(this.fds, WAIT_MS);
      } else if (performance.now() - yieldedMs < YIELD_EVERY_MS) continue;
      else await new Promise((resolve) => setImmediate(resolve));
      // Under a flood the buffers are never empty.
      if (stopping) return;
      yieldedMs = performance.now();
    }
  }

  private take(fd: number, sink: DatagramSink): number {
    const { batch } = this;
    const count = batch.receive(fd);
    const nowMs = Date.now();
    for (let index = 0; index < count; index++) {
      const bytes = batch.buffer.subarray(batch.start(index), batch.end(index));
      sink(bytes, this.exporter(index), nowMs);
    }
    return count;
  }

  private exporter(index: number): string {
    const { batch, exporters } = this;
    if (!batch.isSender4(index)) {
      return formatIPv6([0, 1, 2, 3].map((word) => batch.senderWord(index, word)));
    }
    const address = batch.senderWord(index, 0);
    let text = exporters.get(address);
    if (text === undefined) {
      text = formatIPv4(address);
      if (exporters.size < MOST_EXPORTERS) exporters.set(address, text);
    }
    return text;
  }

  dropped(): number | undefined {
    if (this.closed) return this.lastDropped;
    const each = this.fds.map(droppedDatagrams);
    if (each.includes(undefined)) return undefined;
    return each.reduce<number>((sum, drops) => sum + drops!, 0);
  }

  close(): void {
    if (this.closed) return;
    this.lastDropped = this.dropped();
    this.closed = true;
    for (const fd of this.fds) closeSocket(fd);
    this.batch.close();
  }
}

/** Owns its sockets, until `close`. What the system drops it cannot tell. */
export class RuntimeListener implements FlowListener {
  readonly bufferOctets = undefined;
  private readonly sockets: readonly Socket[];

  private constructor(sockets: readonly Socket[]) {
    this.sockets = sockets;
  }

  static async open(addresses: readonly ListenAddress[]): Promise<RuntimeListener> {
    const sockets: Socket[] = [];
    const listener = new RuntimeListener(sockets);
    try {
      for (const address of addresses) {
        try {
          sockets.push(await bound(address));
        } catch (error) {
          if (address.optional !== true || !isAbsent(error)) throw error;
        }
      }
    } catch (error) {
      listener.close();
      throw error;
    }
    return listener;
  }

  async run(sink: DatagramSink, signal: AbortSignal): Promise<void> {
    const take = (bytes: Uint8Array, { address }: RemoteInfo): void =>
      sink(bytes, address.replace(/%.*/, ''), Date.now());
    for (const socket of this.sockets) socket.on('message', take);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    for (const socket of this.sockets) socket.off('message', take);
  }

  dropped(): undefined {
    return undefined;
  }

  close(): void {
    for (const socket of this.sockets) socket.close();
  }
}

/** The machine has no addresses of that family. */
function isAbsent(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL';
}

function bound({ words, port }: ListenAddress): Promise<Socket> {
  const six = words.length === 4;
  const socket = createSocket({ type: six ? 'udp6' : 'udp4', ipv6Only: six });
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind(port, six ? formatIPv6(words) : formatIPv4(words[0]!), () => {
      socket.removeAllListeners('error');
      // What comes of a socket that fails later is its silence.
      socket.on('error', () => {});
      try {
        socket.setRecvBufferSize(BUFFER_OCTETS);
      } catch {
        // A smaller buffer is one too.
      }
      resolve(socket);
    });
  });
}
