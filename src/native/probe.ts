/**
 * Tries ports by system calls: non-blocking connect(2) and poll(2). All of it is synchronous, so
 * that it can be done in another network namespace (`inNetwork`), which the runtime's own sockets
 * cannot. Meant for some hundreds of ports of one machine, not for scanning networks.
 *
 * TCP connections are closed as soon as they stand. To UDP ports one empty datagram is sent.
 */
import { bind, checked, errorName, lastErrno, type NativeFunction } from './libc.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_FLAGS = 0x80000 | 0x800; // close on exec, non-blocking
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const POLLIN = 1;
const POLLOUT = 4;
const POLL_RECORD = 8;
/** Sockets open at once. */
const BATCH = 256;

export interface ProbeTarget {
  readonly family: 4 | 6;
  /** One word for IPv4, four for IPv6, most significant first. */
  readonly words: readonly number[];
  /** Index of the interface, for link-local addresses; else 0. */
  readonly scope: number;
  readonly transport: 'tcp' | 'udp';
  readonly port: number;
}

/**
 * `open`: connected, or a datagram came back. `silent`: nothing happened in time. Else the error's
 * name: `ECONNREFUSED`, `EHOSTUNREACH`, …, or one of this side's own, such as `EMFILE`.
 */
export type ProbeAnswer = string;

type Calls = Readonly<
  Record<
    | 'socket'
    | 'connect'
    | 'bind'
    | 'poll'
    | 'getsockopt'
    | 'setsockopt'
    | 'send'
    | 'recv'
    | 'close',
    NativeFunction
  >
>;
let calls: Calls | undefined;

function libc(): Calls {
  calls ??= bind({
    socket: 'int socket(int domain, int type, int protocol)',
    connect: 'int connect(int fd, const void *address, uint32_t length)',
    bind: 'int bind(int fd, const void *address, uint32_t length)',
    poll: 'int poll(void *records, unsigned long count, int timeout)',
    getsockopt: 'int getsockopt(int fd, int level, int name, void *value, void *length)',
    setsockopt: 'int setsockopt(int fd, int level, int name, const void *value, uint32_t length)',
    send: 'long send(int fd, const void *buffer, size_t length, int flags)',
    recv: 'long recv(int fd, void *buffer, size_t length, int flags)',
    close: 'int close(int fd)',
  });
  return calls;
}

/** struct sockaddr_in or sockaddr_in6. */
function sockaddr({ family, words, scope, port }: Omit<ProbeTarget, 'transport'>): Uint8Array {
  const octets = new Uint8Array(family === 4 ? 16 : 28);
  const view = new DataView(octets.buffer);
  view.setUint16(0, family === 4 ? AF_INET : AF_INET6, true);
  view.setUint16(2, port);
  const at = family === 4 ? 4 : 8;
  words.forEach((word, index) => {
    view.setUint32(at + index * 4, word);
  });
  if (family === 6) view.setUint32(24, scope, true);
  return octets;
}

/** An answer for each target, in order. Throws `NativeUnavailable`. */
export function probeAll(targets: readonly ProbeTarget[], timeoutMs: number): ProbeAnswer[] {
  const answers: ProbeAnswer[] = [];
  for (let at = 0; at < targets.length; at += BATCH) {
    answers.push(...probeBatch(targets.slice(at, at + BATCH), timeoutMs));
  }
  return answers;
}

function probeBatch(targets: readonly ProbeTarget[], timeoutMs: number): ProbeAnswer[] {
  const answers: (ProbeAnswer | undefined)[] = [];
  const files: number[] = [];
  try {
    for (const target of targets) files.push(open(target, answers));
    wait(targets, files, answers, timeoutMs);
  } finally {
    // Closed as any client does: a reset would end servers that expect none.
    for (const file of files) if (file >= 0) libc().close(file);
  }
  return targets.map((_, index) => answers[index] ?? 'silent');
}

/** Begins one probe; -1 where it is answered at once. */
function open(target: ProbeTarget, answers: (ProbeAnswer | undefined)[]): number {
  const { socket, connect, send } = libc();
  const type = target.transport === 'tcp' ? SOCK_STREAM : SOCK_DGRAM;
  const file: number = socket(target.family === 4 ? AF_INET : AF_INET6, type | SOCK_FLAGS, 0);
  if (file < 0) {
    answers.push(errorName(lastErrno()));
    return -1;
  }
  const address = sockaddr(target);
  if (connect(file, address, address.length) < 0) {
    const error = errorName(lastErrno());
    answers.push(error === 'EINPROGRESS' ? undefined : error);
  } else if (target.transport === 'tcp') answers.push('open');
  else answers.push(Number(send(file, address, 0, 0)) < 0 ? errorName(lastErrno()) : undefined);
  return file;
}

/** Until all have answered or the time is over. */
function wait(
  targets: readonly ProbeTarget[],
  files: readonly number[],
  answers: (ProbeAnswer | undefined)[],
  timeoutMs: number,
): void {
  const records = new Uint8Array(files.length * POLL_RECORD);
  const view = new DataView(records.buffer);
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    let waiting = 0;
    files.forEach((file, index) => {
      const done = answers[index] !== undefined;
      if (!done) waiting++;
      // A negative file is passed over by poll.
      view.setInt32(index * POLL_RECORD, done ? -1 : file, true);
      view.setInt16(
        index * POLL_RECORD + 4,
        targets[index]!.transport === 'tcp' ? POLLOUT : POLLIN,
        true,
      );
      view.setInt16(index * POLL_RECORD + 6, 0, true);
    });
    const leftMs = endMs - Date.now();
    if (waiting === 0 || leftMs <= 0) return;
    if (checked('poll', libc().poll(records, files.length, leftMs)) === 0) return;
    files.forEach((file, index) => {
      if (answers[index] === undefined && view.getInt16(index * POLL_RECORD + 6, true) !== 0) {
        answers[index] = outcome(file);
      }
    });
  }
}

/** The error of a socket that poll woke for, or that it is open. */
function outcome(file: number): ProbeAnswer {
  const value = new Int32Array(1);
  const length = new Uint32Array([4]);
  libc().getsockopt(file, SOL_SOCKET, SO_ERROR, value, length);
  return value[0] === 0 ? 'open' : errorName(value[0]!);
}

/**
 * Tries to bind each port on all addresses for a moment and returns those that are refused, with
 * the error's name. `ports` are tried as given; those below 1024 need privilege.
 */
export function refusedBinds(
  transport: 'tcp' | 'udp',
  ports: Iterable<number>,
): { readonly port: number; readonly error: string }[] {
  const { socket, bind: bindTo, setsockopt, close } = libc();
  const type = transport === 'tcp' ? SOCK_STREAM : SOCK_DGRAM;
  const refused: { port: number; error: string }[] = [];
  const six = socket(AF_INET6, type | SOCK_FLAGS, 0);
  const family = six < 0 ? 4 : 6;
  if (six >= 0) close(six);
  const address = sockaddr({ family, words: family === 4 ? [0] : [0, 0, 0, 0], scope: 0, port: 0 });
  const view = new DataView(address.buffer);
  const off = new Int32Array([0]);
  for (const port of ports) {
    const file: number = checked(
      'socket',
      socket(family === 4 ? AF_INET : AF_INET6, type | SOCK_FLAGS, 0),
    );
    if (family === 6) setsockopt(file, IPPROTO_IPV6, IPV6_V6ONLY, off, 4);
    view.setUint16(2, port);
    if (bindTo(file, address, address.length) < 0)
      refused.push({ port, error: errorName(lastErrno()) });
    close(file);
  }
  return refused;
}
