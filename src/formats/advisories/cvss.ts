import calculator from 'ae-cvss-calculator';
import type { Grade } from '../../model/advisory.ts';

/** Weights of CVSS 3.1, section 7.4; of PR those where the scope is unchanged. */
const WEIGHTS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  AV: { N: 0.85, A: 0.62, L: 0.55, P: 0.2 },
  AC: { L: 0.77, H: 0.44 },
  PR: { N: 0.85, L: 0.62, H: 0.27 },
  UI: { N: 0.85, R: 0.62 },
  C: { H: 0.56, L: 0.22, N: 0 },
  I: { H: 0.56, L: 0.22, N: 0 },
  A: { H: 0.56, L: 0.22, N: 0 },
};
const PRIVILEGES_ACROSS_SCOPES: Readonly<Record<string, number>> = { N: 0.85, L: 0.68, H: 0.5 };

/** Metrics of CVSS 4.0 that each vector has, in their order, with their values (CVSS 4.0 §7). */
const BASE_4 =
  /^CVSS:4\.0\/AV:[NALP]\/AC:[LH]\/AT:[NP]\/PR:[NLH]\/UI:[NPA]\/VC:[HLN]\/VI:[HLN]\/VA:[HLN]\/SC:[HLN]\/SI:[HLN]\/SA:[HLN](\/|$)/;

/** Base score of a CVSS 3.0, 3.1 (§7.1) or 4.0 (§8) vector, 0 to 10; undefined for anything else. */
export function baseScore(vector: string): number | undefined {
  if (BASE_4.test(vector)) return new calculator.Cvss4P0(vector).calculateScores().baseMetricsOnly;
  if (!/^CVSS:3\.[01]\//.test(vector)) return undefined;
  const metrics = new Map(vector.split('/').map((it) => it.split(':') as [string, string]));
  const across = metrics.get('S') === 'C';
  const weight = (metric: string) => {
    const value = metrics.get(metric) ?? '';
    return (metric === 'PR' && across ? PRIVILEGES_ACROSS_SCOPES : WEIGHTS[metric]!)[value] ?? Number.NaN;
  };
  const base = 1 - (1 - weight('C')) * (1 - weight('I')) * (1 - weight('A'));
  const impact = across ? 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 : 6.42 * base;
  const exploitability = 8.22 * weight('AV') * weight('AC') * weight('PR') * weight('UI');
  if (Number.isNaN(impact + exploitability)) return undefined;
  return impact <= 0 ? 0 : roundUp(Math.min((across ? 1.08 : 1) * (impact + exploitability), 10));
}

// CVSS 3.1, appendix A: whole numbers, since 4.02 must not become 4.1 by the way floating point is kept.
function roundUp(score: number): number {
  const whole = Math.round(score * 100_000);
  return whole % 10_000 === 0 ? whole / 100_000 : (Math.floor(whole / 10_000) + 1) / 10;
}

/** Qualitative grade of a score (CVSS 3.1 §5). */
export function gradeOfScore(score: number): Grade {
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  if (score >= 4) return 'medium';
  return score > 0 ? 'low' : 'info';
}
