/** Waits for sockets without holding up this thread: poll(2) in one of FFI's. */
import { socketCalls } from './sockets.ts';

/** Waits until one of the sockets has something to say, or the time is over. */
export function waitForAny(descriptors: readonly number[], timeoutMs: number): Promise<void> {
  const fds = new Uint8Array(descriptors.length * 8);
  const view = new DataView(fds.buffer);
  descriptors.forEach((descriptor, index) => {
    view.setInt32(index * 8, descriptor, true);
    // POLLIN and POLLERR.
    view.setInt16(index * 8 + 4, 1 | 8, true);
  });
  const { poll } = socketCalls();
  return new Promise((resolve) => {
    poll.async(fds, descriptors.length, timeoutMs, () => resolve());
  });
}
