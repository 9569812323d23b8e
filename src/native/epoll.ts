/** Watches many descriptors for the moment each becomes writable, once (epoll(7), EPOLLONESHOT). */
import { checked } from './libc.ts';
import { closeSocket, socketCalls } from './sockets.ts';

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_MOD = 3;
const EPOLL_CLOEXEC = 0o2000000;
const EPOLLOUT = 4;
const EPOLLONESHOT = 2 ** 30;
/** `struct epoll_event` is packed on x86-64 only. */
const EVENT_LENGTH = process.arch === 'x64' ? 12 : 16;
const DATA_AT = process.arch === 'x64' ? 4 : 8;
const MOST_EVENTS = 1024;

/** Descriptors stay their owners'. Made by one system call, which may throw `SystemCallError`. */
export class Epoll {
  private readonly fd: number;
  private readonly event = Buffer.alloc(EVENT_LENGTH);
  private readonly events = Buffer.alloc(EVENT_LENGTH * MOST_EVENTS);

  constructor() {
    this.fd = checked('epoll_create1', socketCalls().epoll_create1(EPOLL_CLOEXEC));
    this.event.writeUInt32LE(EPOLLOUT + EPOLLONESHOT, 0);
  }

  /**
   * Closing a descriptor ends its watch. Throws `SystemCallError`.
   * @param again it was watched before, since it was opened
   */
  watch(fd: number, again = false): void {
    this.event.writeInt32LE(fd, DATA_AT);
    const operation = again ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    checked('epoll_ctl', socketCalls().epoll_ctl(this.fd, operation, fd, this.event));
  }

  /** How many descriptors are ready, after at most `waitMs`; `ready` gives each. */
  wait(waitMs: number): number {
    const count = socketCalls().epoll_wait(this.fd, this.events, MOST_EVENTS, Math.ceil(waitMs));
    return Math.max(count, 0);
  }

  ready(index: number): number {
    return this.events.readInt32LE(index * EVENT_LENGTH + DATA_AT);
  }

  close(): void {
    closeSocket(this.fd);
  }
}
