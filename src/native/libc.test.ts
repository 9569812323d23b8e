import { describe, expect, it } from 'vitest';
import {
  bind,
  checked,
  errorName,
  ffi,
  isRefusal,
  lastErrno,
  NativeUnavailable,
  SystemCallError,
} from './libc.ts';

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

  it('says which function is missing, so that callers fall back', () => {
    const missing = () => bind({ portreeve_none: 'int portreeve_none(int fd)' });
    expect(missing).toThrow(NativeUnavailable);
    expect(missing).toThrow('portreeve_none');
    // A prototype that is none is a fault of ours.
    expect(() => bind({ close: 'int close(nothing fd)' })).toThrow(/type/);
  });

  it('tells what the system refuses from faults of this program', () => {
    expect(isRefusal(new SystemCallError('bind', 1))).toBe(true);
    expect(isRefusal(new NativeUnavailable('no FFI'))).toBe(true);
    expect(isRefusal(new TypeError('undefined is not a function'))).toBe(false);
    expect(isRefusal(undefined)).toBe(false);
  });

  it('names unknown errors by number', () => {
    expect(errorName(99_999)).toBe('errno 99999');
    expect(typeof ffi().sizeof('int')).toBe('number');
  });
});
