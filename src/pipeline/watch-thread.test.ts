import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { collector } from '../sources/garbage.ts';
import { type WatchStart, WatchThread } from './watch-thread.ts';

/** A watching thread that answers with these statements, of the request `asked`. */
const threadOf = (text: string): WatchThread => {
  const program = `
    import { parentPort } from 'node:worker_threads';
    const say = (message) => parentPort.postMessage(message);
    parentPort.on('message', (asked) => { ${text} });
    say({ kind: 'ready' });
  `;
  const start = { options: {} } as WatchStart;
  return new WatchThread(start, new URL(`data:text/javascript,${encodeURIComponent(program)}`));
};

const LOOKS = `
  if (asked === 'look') say({ kind: 'look', picture: {}, counts: [], events: [] });
  else { say({ kind: 'end', events: [] }); parentPort.close(); }
`;

describe('a watching thread', () => {
  it('keeps no look that was taken, however long it watches', async () => {
    const thread = threadOf(LOOKS);
    await thread.ready;
    const taken: WeakRef<object>[] = [];
    for (let looks = 0; looks < 5; looks++) taken.push(new WeakRef(await thread.look()));
    await thread.look();
    await turn();
    collector()();
    expect(taken.filter((look) => look.deref() !== undefined)).toEqual([]);
    thread.stop();
    expect(await thread.end).toMatchObject({ kind: 'end' });
  });

  it('that dies fails whoever waits for a look, and whoever asks later', async () => {
    const thread = threadOf("throw new Error('out of memory');");
    await thread.ready;
    await expect(thread.look()).rejects.toThrow('out of memory');
    await expect(thread.end).rejects.toThrow('out of memory');
    await expect(thread.look()).rejects.toThrow('out of memory');
  });
});
