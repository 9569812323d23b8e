/**
 * A policy on the desk: the file, its journal, and the rules of a platform beside it. Every round
 * of decisions is taken down in the journal, made into rules, and rendered and proved again. The
 * files are read anew each time, since people edit them meanwhile.
 */
import {
  type Composition,
  compose,
  type Platform,
  provePolicy,
  renderPolicy,
} from '../pipeline/policy.ts';
import {
  journalOf,
  type PolicyFile,
  readJournal,
  readPolicyFile,
  replaceFile,
  writeJournal,
  writePolicyFile,
} from '../pipeline/policy-files.ts';
import type { Decision } from '../policy/conversation.ts';
import type { Policy } from '../policy/intent.ts';
import { FINDINGS } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { withFiles } from './policy-files.ts';

/** Where rules are written after each round. */
export interface RulesWish {
  readonly platform: Platform;
  readonly file: string;
}

/** Faults of the files throw `Failure`, as a command shows them. */
export class PolicyDesk {
  private readonly file: string;
  private readonly names: ReadonlyMap<string, string>;
  private readonly rules: RulesWish | undefined;
  private readonly fresh: Policy | undefined;

  /** @param fresh the policy to begin with where there is no file yet */
  constructor(file: string, names: ReadonlyMap<string, string>, rules?: RulesWish, fresh?: Policy) {
    this.file = file;
    this.names = names;
    this.rules = rules;
    this.fresh = fresh;
  }

  read(): Policy {
    return this.policyFile().policy;
  }

  private policyFile(): PolicyFile | { policy: Policy; text: undefined } {
    if (this.fresh !== undefined) return { policy: this.fresh, text: undefined };
    return withFiles(() => readPolicyFile(this.file));
  }

  journal(): Decision[] {
    return withFiles(() => readJournal(journalOf(this.file)));
  }

  /** Takes decisions down, puts the rules together anew and writes all files. */
  decide(decisions: readonly Decision[]): Composition {
    const { policy, text } = this.policyFile();
    const journal = [...this.journal(), ...decisions];
    const composition = compose(policy, journal, this.names);
    withFiles(() => {
      writeJournal(journalOf(this.file), journal);
      writePolicyFile(this.file, composition.policy, text);
    });
    this.render(composition.policy, journal);
    return composition;
  }

  /** Writes the rules of the platform and proves them. Throws `Failure` where that cannot be. */
  private render(policy: Policy, journal: readonly Decision[]): void {
    if (this.rules === undefined) return;
    const { platform, file } = this.rules;
    const nowMs = Date.now();
    const { text, refusals } = renderPolicy(policy, platform, nowMs);
    if (text === undefined) {
      throw new Failure(FINDINGS, {
        what: `${platform.title} cannot express this policy; ${file} is as it was`,
        why: refusals.map(({ what }) => what).join(' '),
        ways: [`the decisions are kept in ${this.file}`],
      });
    }
    const { faults, differences, lost } = provePolicy(policy, platform, text, journal, nowMs);
    if (faults.length + differences.length + lost.length > 0) {
      throw new Failure(FINDINGS, {
        what: `the rules for ${platform.title} do not say what the policy says`,
        why: `${file} is as it was`,
        ways: [`portreeve policy prove ${this.file} shows what differs`],
      });
    }
    withFiles(() => replaceFile(file, text));
  }
}
