/**
 * Pauses that an end cuts short. The end is asked once, for all of them: a promise keeps whoever asks it
 * until it is settled, and a view of weeks pauses a million times.
 */
export class Pauses {
  private over = false;
  private failure: unknown;
  private wake: (() => void) | undefined;

  constructor(end: Promise<unknown>) {
    const finish = (): void => {
      this.over = true;
      this.wake?.();
    };
    end.then(finish, (error: unknown) => {
      this.failure = error;
      finish();
    });
  }

  /** Waits so long, or until the end comes. Rejects as the end does. */
  async pause(ms: number): Promise<void> {
    if (!this.over) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(0, ms));
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    if (this.failure !== undefined) throw this.failure;
  }
}
