/** An error meant for people, on its way to standard error and an exit code. */
import type { Problem } from '../report/text.ts';

/** Ends a command: shown as what, why and what to do, on standard error. */
export class Failure extends Error {
  readonly exitCode: number;
  readonly problem: Problem;

  /** @param exitCode one of `exit-codes.ts` */
  constructor(exitCode: number, problem: Problem) {
    super(problem.what);
    this.name = 'Failure';
    this.exitCode = exitCode;
    this.problem = problem;
  }
}
