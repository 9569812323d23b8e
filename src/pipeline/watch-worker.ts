/**
 * The program of the thread that keeps a watch session: takes frames, and makes pictures of the
 * traffic when it is asked, so that the thread with the view has only to draw.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { netmaskOf, prepareFilter } from './filters.ts';
import { type LiveCapture, readInterfaces } from './live.ts';
import { WatchSession } from './watch.ts';
import type { Look, WatchMessage, WatchRequest, WatchStart } from './watch-thread.ts';

const { interfaces, filterText, options }: WatchStart = workerData;
const port = parentPort!;

function say(message: WatchMessage): void {
  port.postMessage(message);
}

function look(session: WatchSession, { live }: LiveCapture): Look {
  return { picture: session.picture(), counts: live.counts(), events: live.events };
}

async function run(): Promise<void> {
  const netmask = netmaskOf(interfaces.names);
  const filter = filterText === undefined ? undefined : await prepareFilter(filterText, netmask);
  const capture = readInterfaces(interfaces, filter);
  const session = new WatchSession(capture.source, options);
  await capture.live.start();
  say({ kind: 'ready' });
  port.on('message', (request: WatchRequest) => {
    if (request === 'stop') capture.live.stop();
    else say({ kind: 'look', ...look(session, capture) });
  });
  while (await session.step()) {
    // Requests have their turn between batches.
  }
  await capture.live.close();
  say({ kind: 'end', ...look(session, capture), judged: await session.judge() });
  port.close();
}

void run();
