import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Of a suite on two workers, the file that takes longest must not start last. Longest first. */
const SLOWEST = ['aws/deployed', 'local/examples', 'local/kill', 'local/boot', 'local/bad-input'].map(
  (it) => `test/${it}.test.ts`,
);

/** Vitest sorts by what files took the last time, which a clean clone does not know. */
export default class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = SLOWEST.findIndex((it) => moduleId.endsWith(it));
      return place < 0 ? SLOWEST.length : place;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
