import { z } from 'zod';
import { type Severity, severity } from './finding.ts';

/** How grave a vulnerability is; `unknown` where nobody has graded it. */
export const grade = z.enum(['unknown', ...severity.options]);
export type Grade = z.infer<typeof grade>;

/** Versions from `introduced` (absent: the first ever) to before `fixed`, or up to `lastAffected`; neither: all from there on. */
export interface AffectedRange {
  readonly introduced?: string;
  readonly fixed?: string;
  readonly lastAffected?: string;
}

/** What is known of one vulnerability in one source package. */
export interface Advisory {
  /** The CVE where there is one, else what the publisher calls it. */
  readonly id: string;
  /** Other names of it. */
  readonly aliases?: readonly string[];
  /** Name of the source package. */
  readonly source: string;
  /** Codename of the release that it speaks of; absent: of every one. */
  readonly release?: string;
  readonly grade: Grade;
  readonly ranges: readonly AffectedRange[];
}

/** Names a file or URL of advisories; one of the two. */
export const advisoryPlace = z
  .strictObject({
    file: z.string().min(1).optional().describe('relative to the folder that the policy is in'),
    url: z
      .url({ protocol: /^(https?|file)$/ })
      .optional()
      .describe('http, https or file; asked again only when it changed'),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'a SHA-256: 64 hexadecimal digits')
      .optional()
      .describe('of the bytes; anything else is refused'),
  })
  .refine((it) => (it.file === undefined) !== (it.url === undefined), 'exactly one of file and url');
export type AdvisoryPlace = z.infer<typeof advisoryPlace>;

/** Grades from least to worst. What nobody graded stands where `ungraded` says. */
export function rankOf(of: Grade, ungraded: Severity = 'medium'): number {
  return severity.options.indexOf(of === 'unknown' ? ungraded : of);
}
