import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StepLine } from './step-line.ts';

const { isTTY, columns } = process.stderr;
let written = '';
beforeEach(() => {
  written = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  Object.assign(process.stderr, { isTTY, columns });
});

describe('what is being done', () => {
  it.each<[string, boolean, number, string[], string]>([
    ['on a terminal', true, 80, ['asking'], '\r\x1b[Kasking …\r\x1b[K'],
    ['elsewhere', false, 80, ['asking'], ''],
    ['without a step', true, 80, [], ''],
    ['that is too long', true, 24, ['a'.repeat(40)], `\r\x1b[K${'a'.repeat(22)}…\r\x1b[K`],
    ['with a hostile name', true, 80, ['at \x1b[2J'], '\r\x1b[Kat \\x1b[2J …\r\x1b[K'],
    ['of unknown width', true, 0, ['x'.repeat(70)], `\r\x1b[K${'x'.repeat(70)} …\r\x1b[K`],
  ])('%s', (_what, terminal, width, steps, expected) => {
    Object.assign(process.stderr, { isTTY: terminal, columns: width });
    const line = new StepLine();
    for (const step of steps) line.say(step);
    line.clear();
    line.clear();
    expect(written).toBe(expected);
  });
});
