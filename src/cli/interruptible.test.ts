import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { onInterrupt, whileInterruptible } from './interruptible.ts';

const quit = vi.fn();
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  vi.spyOn(process, 'exit').mockImplementation(quit as never);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  quit.mockReset();
});

const interrupt = () => process.emit('SIGINT');

it('stops at the first interrupt and quits at the second', () => {
  const stop = vi.fn();
  const release = onInterrupt(stop);
  interrupt();
  expect(stop).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(600);
  interrupt();
  expect(stop).toHaveBeenCalledTimes(1);
  expect(quit).toHaveBeenCalledWith(130);
  release();
});

it('takes the same signal, sent to the program and to its group, for one', () => {
  const release = onInterrupt(() => {});
  interrupt();
  vi.advanceTimersByTime(20);
  interrupt();
  expect(quit).not.toHaveBeenCalled();
  release();
});

it('does not take the end of the time for an interrupt: the report still comes', async () => {
  const listeners = process.listenerCount('SIGINT');
  let finish = (): void => {};
  const work = whileInterruptible(
    (signal) =>
      new Promise<boolean>((resolve) => {
        finish = () => resolve(signal.aborted);
      }),
    1000,
  );
  vi.advanceTimersByTime(1500);
  interrupt();
  expect(quit).not.toHaveBeenCalled();
  finish();
  expect(await work).toBe(true);
  expect(process.listenerCount('SIGINT')).toBe(listeners);
});

it('lets go of signals when work fails', async () => {
  const listeners = process.listenerCount('SIGTERM');
  const work = whileInterruptible(() => Promise.reject(new Error('no')));
  await expect(work).rejects.toThrow('no');
  expect(process.listenerCount('SIGTERM')).toBe(listeners);
});
