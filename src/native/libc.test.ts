import { describe, expect, it } from 'vitest';
import { bind, checked, errorName, ffi, lastErrno, SystemCallError } from './libc.ts';

describe.runIf(process.platform === 'linux')('the C library', () => {
  it('calls a bound function', () => {
    const { getpid } = bind({ getpid: 'int getpid()' });
    expect(getpid()).toBe(process.pid);
  });

  it('says which call failed and how', () => {
    const { close } = bind({ close: 'int close(int fd)' });
    expect(close(-1)).toBe(-1);
    expect(errorName(lastErrno())).toBe('EBADF');
    const failing = (): number => checked('close', close(-1));
    expect(failing).toThrow(SystemCallError);
    expect(failing).toThrow(/^close: EBADF$/);
  });

  it('passes a result that is no error', () => {
    expect(checked('anything', 0)).toBe(0);
    expect(checked('anything', 7)).toBe(7);
  });

  it('names unknown errors by number', () => {
    expect(errorName(99_999)).toBe('errno 99999');
    expect(typeof ffi().sizeof('int')).toBe('number');
  });
});
