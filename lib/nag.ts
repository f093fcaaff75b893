import { type App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, type IApplyRule, NagRuleCompliance, type NagRuleResult } from 'cdk-nag';
import { type Waiver, waivers } from './waivers.ts';

/**
 * The pack AwsSolutions, less what is waived with a reason. Waivers are patterns: the pack names a finding by the text of the
 * resource, which holds names that differ from one deployment to the next.
 */
class SolutionsChecks extends AwsSolutionsChecks {
  readonly used = new Set<Waiver>();

  protected override applyRule(params: IApplyRule): void {
    const suffix = params.ruleSuffixOverride ?? params.rule.name;
    const rule = (node: IApplyRule['node']): NagRuleResult => {
      const result = params.rule(node);
      if (result === NagRuleCompliance.NON_COMPLIANT && this.isWaived(suffix, node.node.path)) {
        return NagRuleCompliance.COMPLIANT;
      }
      if (!Array.isArray(result)) return result;
      return result.filter((finding) => !this.isWaived(`${suffix}[${finding}]`, node.node.path)) as NagRuleResult;
    };
    super.applyRule({ ...params, rule, ruleSuffixOverride: suffix });
  }

  private isWaived(finding: string, path: string): boolean {
    const waiver = waivers.find((it) => it.finding.test(finding) && it.at.test(path));
    if (waiver) this.used.add(waiver);
    return waiver !== undefined;
  }
}

/** Checks every stack when it is synthesized; a finding fails the synthesis. Gives the waivers that were needed so far. */
export function checkWithNag(app: App): { readonly used: ReadonlySet<Waiver> } {
  const checks = new SolutionsChecks(app);
  Validations.of(app).addPlugins(checks);
  return checks;
}
