import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { whileReading } from './capture-options.ts';

const quit = vi.fn();
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  vi.spyOn(process, 'exit').mockImplementation(quit as never);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  quit.mockReset();
});

it('writes the answer though it is interrupted meanwhile, until the second time', async () => {
  const listeners = process.listenerCount('SIGINT');
  const told: string[] = [];
  await whileReading(async () => 'all', {
    answer: async (result) => {
      process.emit('SIGINT');
      expect(quit).not.toHaveBeenCalled();
      vi.advanceTimersByTime(600);
      process.emit('SIGINT');
      expect(quit).toHaveBeenCalledWith(130);
      told.push(result);
    },
  });
  expect(told).toEqual(['all']);
  expect(process.listenerCount('SIGINT')).toBe(listeners);
});

it('answers with what was read until an interrupt', async () => {
  const told: boolean[] = [];
  await whileReading(
    async ({ signal }) => {
      process.emit('SIGINT');
      return signal!.aborted;
    },
    { answer: async (aborted) => void told.push(aborted) },
  );
  expect(told).toEqual([true]);
  expect(quit).not.toHaveBeenCalled();
});
