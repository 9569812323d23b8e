import { describe, expect, it, vi } from 'vitest';
import { Pauses } from './pause.ts';

describe('pauses', () => {
  it('end by themselves, and ask for the end once', async () => {
    const end = new Promise<void>(() => {});
    const asked = vi.spyOn(end, 'then');
    const pauses = new Pauses(end);
    for (let count = 0; count < 20; count++) await pauses.pause(0);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it('are cut short by the end, and none after it', async () => {
    let finish = (): void => {};
    const pauses = new Pauses(
      new Promise<void>((resolve) => {
        finish = resolve;
      }),
    );
    const pause = pauses.pause(1e6);
    finish();
    await pause;
    await pauses.pause(1e6);
  });

  it('reject as the end does', async () => {
    const pauses = new Pauses(Promise.reject(new Error('dead')));
    await expect(pauses.pause(1e6)).rejects.toThrow('dead');
    await expect(pauses.pause(1e6)).rejects.toThrow('dead');
  });
});
