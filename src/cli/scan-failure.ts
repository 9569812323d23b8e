/** What went wrong with a scan, in words and exit codes for people. */
import { INPUT, PRIVILEGE, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';

const MISUSE: Readonly<Record<string, string>> = {
  TargetError: 'write 192.0.2.10, 192.0.2.0/24, 192.0.2.1-20, 10.0.0-3.1-254 or a name',
  PortRangeError: 'write 22,80,8000-8099, ssh, top:100, all, or 53/udp',
  PlanError: 'portreeve scan --help shows what can be asked',
  JournalError: 'name a new file for --resume, or repeat the scan exactly as it was',
};

/** Throws the error again as a `Failure`, where it is one for people. */
export function refusal(error: unknown): never {
  if (!(error instanceof Error)) throw error;
  const advice = MISUSE[error.name];
  if (advice !== undefined) throw new Failure(USAGE, { what: error.message, ways: [advice] });
  if (error.name === 'EngineUnavailable') {
    const { engine, privilege } = error as Error & { engine: string; privilege: boolean };
    throw new Failure(privilege ? PRIVILEGE : USAGE, {
      what: `cannot scan with the engine ${engine}`,
      why: error.message,
      ways: waysOut(engine, privilege),
    });
  }
  const { code, path } = error as NodeJS.ErrnoException;
  if (code !== undefined && path !== undefined) {
    throw new Failure(INPUT, { what: `cannot use ${path}`, why: `the system says ${code}` });
  }
  throw error;
}

function waysOut(engine: string, privilege: boolean): readonly string[] {
  if (engine === 'sctp')
    return ['run it as root', 'leave sctp out: there is no other way to ask it'];
  if (privilege) return ['run it as root', 'leave --engine out: connections need no privilege'];
  return ['leave --engine out, so that one that works here is chosen'];
}
