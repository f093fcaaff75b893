import { z } from 'zod';

export const severity = z.enum(['info', 'low', 'medium', 'high', 'critical']);
export type Severity = z.infer<typeof severity>;

/** One place at which a rule does not hold. */
export const finding = z.strictObject({
  rule: z.string(),
  severity,
  message: z.string(),
  file: z.string().optional(),
  package: z.string().optional().describe('package that ships the file'),
  vulnerability: z.string().optional().describe('identifier of a known vulnerability'),
  mend: z.string().optional().describe('package that has what is missing, or what to change'),
  seen: z.string().optional(),
  wanted: z.string().optional(),
  fix: z
    .strictObject({ field: z.string(), add: z.unknown() })
    .optional()
    .describe('change of the spec that would mend it: what to add to a list in it'),
  waived: z
    .strictObject({ owner: z.string(), reason: z.string(), expires: z.string() })
    .optional()
    .describe('who answers for it, why, and the last day on which that counts'),
});
export type Finding = z.infer<typeof finding>;

/** What one rule says of one image. */
export const verdict = z.strictObject({
  rule: z.string(),
  pack: z.string(),
  outcome: z.enum(['compliant', 'not-compliant', 'not-applicable']),
  mode: z.enum(['enforce', 'warn']),
  reason: z.string().optional().describe('why it is not applicable'),
  findings: z.array(finding),
});
export type Verdict = z.infer<typeof verdict>;

export const validationReport = z.strictObject({
  passed: z.boolean().describe('no enforced rule is violated'),
  verdicts: z.array(verdict),
  notRunnable: z
    .array(z.string())
    .describe('programs in the image that nothing there can start, listed and not judged'),
});
export type ValidationReport = z.infer<typeof validationReport>;
