/** Listens to the kernel's packet log, so that other events have their turn meanwhile. */
import { interfaceName } from '../../native/netlink.ts';
import type { OnPacket } from '../../native/nflog-socket.ts';
import { NflogSocket } from '../../native/nflog-socket.ts';
import { waitForAny } from '../../native/poll.ts';

const WAIT_MS = 100;
/** Signals and timers have a turn at least so often. */
const YIELD_EVERY_MS = 20;

/** Owns its socket, until `close`. */
export class KernelLog {
  readonly groups: readonly number[];
  private readonly socket: NflogSocket;

  /** Binds the groups. Throws `NativeUnavailable`, `SystemCallError`. */
  constructor(groups: readonly number[]) {
    this.groups = groups;
    this.socket = new NflogSocket(groups);
  }

  /** How often the kernel had no room. */
  get overruns(): number {
    return this.socket.overruns;
  }

  nameOf(index: number): string {
    return interfaceName(index);
  }

  /** Receives until the signal; `onWait` is called whenever there is nothing for a moment. */
  async run(onPacket: OnPacket, onWait: () => void, signal: AbortSignal): Promise<void> {
    let yieldedMs = performance.now();
    for (;;) {
      const stopping = signal.aborted;
      if (this.socket.receive(onPacket)) {
        if (performance.now() - yieldedMs < YIELD_EVERY_MS) continue;
        onWait();
        await new Promise((resolve) => setImmediate(resolve));
      } else if (stopping) return;
      else {
        onWait();
        await waitForAny([this.socket.descriptor], WAIT_MS);
      }
      // Under a flood there is always something.
      if (stopping) return;
      yieldedMs = performance.now();
    }
  }

  close(): void {
    this.socket.close();
  }
}
