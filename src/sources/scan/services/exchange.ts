/**
 * One conversation with a server that nobody trusts: connect, say something, read what comes,
 * within limits of time and octets that no server can stretch (endless banners, one octet a
 * minute, records that claim gigabytes). Nothing here logs in or changes anything.
 */
import { createSocket } from 'node:dgram';
import { connect, isIPv6, type Socket } from 'node:net';
import { join } from './octets.ts';

export interface Target {
  readonly address: string;
  readonly port: number;
}

export interface Limits {
  /** For the connection to open, ms. */
  readonly connectMs: number;
  /** From opening to the end, whatever the server sends, ms. */
  readonly totalMs: number;
  /** Octets kept; the connection is closed beyond. */
  readonly octets: number;
  /** Ends all conversations at once, and lets none begin. */
  readonly signal?: AbortSignal;
}

export const LIMITS: Limits = { connectMs: 4000, totalMs: 8000, octets: 65_536 };

/** After the first octets, what follows within this time belongs to the same answer, ms. */
const SETTLE_MS = 150;

/** Sockets that end with a signal. One listener for all: there may be thousands of them. */
const held = new WeakMap<AbortSignal, Set<Socket>>();

/** Lets a socket end when the limits' signal says so. */
export function endWith(socket: Socket, { signal }: Limits): void {
  if (signal === undefined) return;
  if (signal.aborted) {
    socket.destroy();
    return;
  }
  let sockets = held.get(signal);
  if (sockets === undefined) {
    const all = new Set<Socket>();
    held.set(signal, all);
    signal.addEventListener('abort', () => {
      for (const each of all) each.destroy();
    });
    sockets = all;
  }
  sockets.add(socket);
  const among = sockets;
  socket.once('close', () => among.delete(socket));
}

/** The same octets, seen as what the rest of the program takes. */
function plain(octets: Buffer): Uint8Array {
  return new Uint8Array(octets.buffer, octets.byteOffset, octets.length);
}

/** Why a conversation could not begin. */
export class ConnectFailed extends Error {
  override readonly name = 'ConnectFailed';
  /** The system's code (`ECONNREFUSED`), or `timeout`. */
  readonly code: string;

  constructor(code: string) {
    super(`could not connect: ${code}`);
    this.code = code;
  }
}

/** A stream of octets both ways: a TCP connection, or TLS over one. */
export class Conversation {
  private readonly socket: Socket;
  private readonly limits: Limits;
  private readonly deadline: number;
  private received: Uint8Array[] = [];
  private held = 0;
  private total = 0;
  private wake: (() => void) | undefined;
  /** No more will come: closed by either side, failed, or over the limits. */
  ended = false;

  private constructor(socket: Socket, limits: Limits) {
    this.socket = socket;
    this.limits = limits;
    this.deadline = performance.now() + limits.totalMs;
    socket.on('data', (octets) => this.take(plain(octets as Buffer)));
    socket.on('error', () => this.end());
    socket.on('close', () => this.end());
    socket.on('end', () => this.end());
  }

  /** Connects. Rejects with `ConnectFailed`. */
  static async open(target: Target, limits: Limits = LIMITS): Promise<Conversation> {
    const socket = connect({ host: target.address, port: target.port, noDelay: true });
    endWith(socket, limits);
    return new Conversation(await opened(socket, 'connect', limits.connectMs), limits);
  }

  /** Takes over a socket that is open already (TLS after its handshake). */
  static over(socket: Socket, limits: Limits = LIMITS): Conversation {
    return new Conversation(socket, limits);
  }

  private take(octets: Uint8Array): void {
    const room = this.limits.octets - this.total;
    this.total += octets.length;
    if (room > 0) {
      const kept = octets.length > room ? octets.subarray(0, room) : octets;
      this.received.push(kept);
      this.held += kept.length;
    }
    if (this.total >= this.limits.octets) {
      this.socket.destroy();
      this.ended = true;
    }
    this.wake?.();
  }

  private end(): void {
    this.ended = true;
    this.wake?.();
  }

  write(octets: Uint8Array): void {
    if (!this.ended && this.socket.writable) this.socket.write(octets);
  }

  /**
   * What the server sends next: waits up to `waitMs` for a first octet, then until the server is
   * quiet, `enough` is satisfied, or the limits are reached. Empty when nothing came. What is
   * returned is the caller's.
   */
  async read(waitMs: number, enough?: (octets: Uint8Array) => boolean): Promise<Uint8Array> {
    await this.wait(waitMs, () => this.held > 0);
    if (enough === undefined) {
      let before = -1;
      while (!this.ended && this.held > before && performance.now() < this.deadline) {
        before = this.held;
        await this.wait(SETTLE_MS, () => this.held > before);
      }
    } else if (this.held > 0) {
      await this.wait(waitMs, () => enough(this.gathered()));
    }
    const all = this.gathered();
    this.received = [];
    this.held = 0;
    return all;
  }

  private gathered(): Uint8Array {
    if (this.received.length !== 1) this.received = [join(...this.received)];
    return this.received[0] ?? new Uint8Array(0);
  }

  private async wait(ms: number, done: () => boolean): Promise<void> {
    const until = Math.min(this.deadline, performance.now() + ms);
    while (!this.ended && !done()) {
      const left = until - performance.now();
      if (left <= 0) return;
      await new Promise<void>((resolve) => {
        const stop = after(left, resolve);
        this.wake = () => {
          stop();
          resolve();
        };
      });
      this.wake = undefined;
    }
  }

  close(): void {
    this.ended = true;
    this.socket.destroy();
  }
}

/**
 * Calls `then` when the time is over and all that came meanwhile was taken: where this process had no
 * turn for a while, an answer may lie there unread. Returns what takes the call back.
 */
function after(ms: number, then: () => void): () => void {
  let looked: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    looked = setImmediate(then);
  }, ms);
  return () => {
    clearTimeout(timer);
    clearImmediate(looked);
  };
}

/** Waits for a socket to say `event`. Rejects with `ConnectFailed`; the socket is destroyed then. */
export function opened<S extends Socket>(socket: S, event: string, ms: number): Promise<S> {
  return new Promise((resolve, reject) => {
    const fail = (code: string): void => {
      socket.destroy();
      reject(new ConnectFailed(code));
    };
    const stop = after(ms, () => fail('timeout'));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      stop();
      fail(error.code ?? error.message);
    });
    socket.once('close', () => {
      stop();
      fail('closed');
    });
    // A later error is the conversation's to see.
    socket.once(event, () => {
      stop();
      resolve(socket);
    });
  });
}

/**
 * Sends one datagram and returns the first answer of that host, from whatever port (TFTP answers
 * from another one); empty when none came.
 */
export function askDatagram(
  target: Target,
  question: Uint8Array,
  waitMs: number,
): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const [address = ''] = target.address.split('%');
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    let done = false;
    const finish = (answer: Uint8Array): void => {
      if (done) return;
      done = true;
      stop();
      socket.close();
      resolve(answer);
    };
    const stop = after(waitMs, () => finish(new Uint8Array(0)));
    socket.on('error', () => finish(new Uint8Array(0)));
    socket.on('message', (answer, sender) => {
      if (sameAddress(sender.address, address)) finish(plain(answer));
    });
    socket.send(question, target.port, target.address, (error) => {
      if (error !== null) finish(new Uint8Array(0));
    });
  });
}

function sameAddress(left: string, right: string): boolean {
  return canonical(left) === canonical(right);
}

/** IPv6 addresses can be written in several ways. */
function canonical(address: string): string {
  const [text = ''] = address.split('%');
  return text.includes(':') ? new URL(`http://[${text}]/`).hostname : text;
}
