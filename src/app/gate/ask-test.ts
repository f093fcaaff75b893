import { KilnError } from '../../model/error.ts';
import type { TestBed, TestResult } from '../../ports/test-bed.ts';

/** What an instance answers to a test. Throws BUSY where somebody ended it meanwhile: that says nothing of its image. */
export async function askTest(
  testBed: Pick<TestBed, 'probe'>,
  ...question: Parameters<TestBed['probe']>
): Promise<TestResult> {
  const result = await testBed.probe(...question);
  if (!result.cutShort) return result;
  throw new KilnError('BUSY', `${result.name}: ${result.detail}`, { hint: 'try again' });
}
