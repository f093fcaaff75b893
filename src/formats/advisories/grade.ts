import type { Grade } from '../../model/advisory.ts';

const WORDS: Readonly<Record<string, Grade>> = {
  unimportant: 'info',
  negligible: 'info',
  none: 'info',
  info: 'info',
  low: 'low',
  moderate: 'medium',
  medium: 'medium',
  important: 'high',
  high: 'high',
  critical: 'critical',
};

/** The grade that a publisher's word means; Debian marks a guess by asterisks. Unknown words, such as `not yet assigned`, grade nothing. */
export function gradeOfWord(word: unknown): Grade {
  return typeof word === 'string' ? (WORDS[word.replace(/\*+$/, '').trim().toLowerCase()] ?? 'unknown') : 'unknown';
}
